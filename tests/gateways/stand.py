"""What the tests of gateways stand on: Counterfoil, a product that tells what it heard."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

from tests import plain_http
from tests.keys.help import basic
from tests.live import Live

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OCR = "/v1/ocr/idcard"
TURNS = 10
"""A key gets so many tokens a second and no more, and other tests ask for its tokens too."""


@dataclass
class Product:
    """A product's API: it answers each call with the headers that it heard."""

    port: int
    heard: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def product() -> Iterator[Product]:
    """A product at a free port."""
    heard: list[dict[str, str]] = []

    class Tell(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            heard.append({name.lower(): value for name, value in self.headers.items()})
            body = json.dumps({"path": self.path, "headers": heard[-1]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tell)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Product(server.server_address[1], heard)
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Stand:
    """Everything that runs, and how to call through the gateway."""

    live: Live
    product: Product
    url: str

    def token(self) -> str:
        """A fresh token of app-onboard, as soon as it may have another."""
        form = {"grant_type": "client_credentials"}
        headers = basic(self.live.key_id, self.live.key_secret)
        for _ in range(TURNS):
            answer = plain_http.post(f"{self.live.url}/oauth/token", data=form, headers=headers)
            if answer.status_code != 429:
                break
            time.sleep(int(answer.headers["retry-after"]))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def call(self, token: str | None, path: str = OCR, **headers: str) -> httpx2.Response:
        """A call of the product through the gateway."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return plain_http.post(self.url + path, json={}, headers=sent, timeout=10)

    def use_up(self) -> None:
        """Report so many calls that nothing of the free quota is left."""
        now = datetime.now(UTC).isoformat()  # not whole seconds: that was before the quota began
        event = {"specversion": "1.0", "type": "call", "source": "/test", "time": now} | {
            "data": {
                "api": "ocr.idcard",
                "resultCode": "OK",
                "keyId": self.live.key_id,
                "quantity": 100_000,
            }
        }
        answer = plain_http.post(
            f"{self.live.url}/usage/events",
            content=json.dumps(event | {"id": f"use-up-{time.time_ns()}"}),
            headers={
                "content-type": "application/cloudevents+json",
                "x-service-key": self.live.service_secret,
            },
        )
        assert answer.status_code == 200, answer.text


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configured(source: Path, into: Path, changes: dict[str, str]) -> Path:
    """A copy of a configuration with the stand's addresses and key; each must occur in it."""
    text = source.read_text()
    for old, new in changes.items():
        assert old in text, f"{source.name} does not hold {old}"
        text = text.replace(old, new)
    made = into / source.name
    made.write_text(text)
    return made


Command = Callable[[Path, dict[str, str]], list[str]]


@contextmanager
def stand(folder: Path, command: Command, live: Live) -> Iterator[Stand]:
    """Run a product and a gateway; `command` writes its files and says how to start it."""
    with product() as made:
        port = free_port()
        changes = {
            "127.0.0.1:8000": live.url.removeprefix("http://"),
            "127.0.0.1:9000": f"127.0.0.1:{made.port}",
            "127.0.0.1:8080": f"127.0.0.1:{port}",
            "cfsv_REPLACE_ME": live.service_secret,
        }
        with (folder / "gateway.log").open("wb") as log:
            gateway = subprocess.Popen(
                command(folder, changes), cwd=folder, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait(gateway, port, folder / "gateway.log")
            yield Stand(live, made, f"http://127.0.0.1:{port}")
        finally:
            gateway.terminate()
            try:
                gateway.wait(10)
            except subprocess.TimeoutExpired:
                gateway.kill()
                gateway.wait()
            shutil.rmtree(folder / "gateway", ignore_errors=True)


def _wait(gateway: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 20
    while gateway.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the gateway did not start: {log.read_text()}")
