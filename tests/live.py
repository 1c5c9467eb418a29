"""A real server for the outermost tests: started once a session, stopped as Ctrl-C does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests import plain_http

COUNTERFOIL = str(Path(sys.executable).parent / "counterfoil")


@dataclass(frozen=True)
class Live:
    """Where the demo server is, and the secrets of its cast."""

    url: str
    password: str
    key_id: str
    key_secret: str
    service_secret: str


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """`counterfoil serve --demo` on a database of its own; its clock is the machine's."""
    with demo_server(tmp_path_factory.mktemp("live")) as served:
        yield served


@contextmanager
def demo_server(folder: Path) -> Iterator[Live]:
    """The same for one caller alone, with all of its files in `folder`."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    clean = {name: value for name, value in os.environ.items() if "COUNTERFOIL_" not in name}
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [COUNTERFOIL, "serve", "--demo", "--port", str(port)],
            cwd=folder,
            env=clean | {"COUNTERFOIL_DATABASE_URL": f"sqlite://{folder / 'live.db'}"},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(url, process, folder / "said")
        notes = json.loads((folder / "demo.json").read_text())
        yield Live(
            url, notes["password"], notes["keyId"], notes["keySecret"], notes["serviceSecret"]
        )
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert process.returncode == 0, (folder / "said").read_text()


def _wait(url: str, process: subprocess.Popen[bytes], said: Path) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            break
        try:
            if plain_http.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the server did not become ready: {said.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
