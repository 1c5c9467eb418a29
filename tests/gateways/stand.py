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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

from tests.keys.help import basic
from tests.live import Live, demo_server

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OCR = "/v1/ocr/idcard"
FACE = "/v1/face/compare"
IDENTITY = ("x-request-id", "x-enterprise-id", "x-key-id", "x-sub-account-id")


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
        """A fresh token of app-onboard."""
        form = {"grant_type": "client_credentials"}
        headers = basic(self.live.key_id, self.live.key_secret)
        answer = httpx2.post(f"{self.live.url}/oauth/token", data=form, headers=headers)
        return str(answer.json()["access_token"])

    def call(self, token: str | None, path: str = OCR, **headers: str) -> httpx2.Response:
        """A call of the product through the gateway."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return httpx2.post(self.url + path, json={}, headers=sent, timeout=10)

    def use_up(self) -> None:
        """Report so many calls that nothing of the free quota is left."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        event = {"specversion": "1.0", "type": "call", "source": "/test", "time": now} | {
            "data": {
                "api": "ocr.idcard",
                "resultCode": "OK",
                "keyId": self.live.key_id,
                "quantity": 100_000,
            }
        }
        answer = httpx2.post(
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
def stand(folder: Path, command: Command) -> Iterator[Stand]:
    """Run it all; `command` writes the gateway's files and says how to start it."""
    with demo_server(folder) as live, product() as made:
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


# -- what every gateway must do ------------------------------------------------------------------


def check_pass(stand: Stand) -> None:
    """A call that is let in reaches the product with who calls, and without the caller's own."""
    forged = dict.fromkeys(IDENTITY, "forged") | {"x-service-key": "cfsv_forged"}
    forged |= {"x-api": "face.compare", "x-gateway": "x", "x-forwarded-for": "192.0.2.1"}
    forged |= {"x-original-uri": FACE, "x-forwarded-uri": FACE, "x-original-method": "GET"}
    answer = stand.call(stand.token(), OCR + "?side=front", **forged)

    assert answer.status_code == 200, answer.text
    heard = answer.json()["headers"]
    assert answer.json()["path"] == OCR + "?side=front"
    assert heard["x-key-id"] == stand.live.key_id
    assert heard["x-enterprise-id"].startswith("ent_")
    assert heard["x-sub-account-id"].startswith("sub_")
    assert len(heard["x-request-id"]) == 36
    assert "forged" not in str(heard)
    assert stand.live.service_secret not in str(heard)
    assert "authorization" not in heard


def check_refusals(stand: Stand, *, codes: bool = True) -> None:
    """Each refusal arrives with its status, and nothing reaches the product."""
    before = len(stand.product.heard)
    token = stand.token()

    for presented in (None, "nonsense", token + "x"):
        unproven = stand.call(presented)
        assert unproven.status_code == 401
        assert unproven.headers["www-authenticate"].startswith("Bearer")
    not_granted = stand.call(token, FACE)
    assert not_granted.status_code == 403
    unknown = stand.call(token, "/v1/nothing")
    assert unknown.status_code == 403
    named = stand.call(token, "/v1/nothing", x_api="ocr.idcard")
    assert named.status_code == 403
    if codes:
        assert not_granted.json()["code"] == "API_NOT_GRANTED"
        assert unknown.json()["code"] == named.json()["code"] == "UNKNOWN_API"
    assert len(stand.product.heard) == before


def check_rate_and_quota(stand: Stand, *, codes: bool = True) -> None:
    """429 beyond the rate, 402 when all is used up."""
    token = stand.token()
    answers = [stand.call(token) for _ in range(12)]
    throttled = [one for one in answers if one.status_code == 429]
    assert throttled
    assert {one.status_code for one in answers} <= {200, 429}
    assert int(throttled[0].headers["retry-after"]) >= 1
    stand.use_up()
    time.sleep(1.5)
    before = len(stand.product.heard)
    used_up = stand.call(token)
    assert used_up.status_code == 402, used_up.text
    if codes:
        assert throttled[0].json()["code"] == "THROTTLED"
        assert used_up.json()["code"] == "QUOTA_EXHAUSTED"
    assert len(stand.product.heard) == before
