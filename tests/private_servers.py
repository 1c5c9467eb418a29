"""Private PostgreSQL and Redis servers for one test run, from the binaries of this machine."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30
LONGEST_SOCKET_HOME = 60
POSTGRES_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "timezone": "UTC",
}


class Unavailable(Exception):
    """This server cannot be had here; the text says why and what would help."""


def postgres_binaries() -> Path | None:
    """Find the directory that holds both `initdb` and `postgres`."""
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    if shutil.which("pg_config"):
        told = subprocess.run(
            ["pg_config", "--bindir"], check=False, capture_output=True, text=True
        )
        candidates.append(Path(told.stdout.strip()))
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda at: at.parent.name, reverse=True
    )
    for home in [*candidates, *newest_first]:
        if (home / "initdb").is_file() and (home / "postgres").is_file():
            return home
    return None


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def temporary() -> Path:
    """Answer where the files of private servers go: the path of a socket must stay short."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= LONGEST_SOCKET_HOME else "/tmp")  # noqa: S108


class PrivateServers:
    """Servers of our own in one temporary directory; neither asks for a password."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="counterfoil-test-", dir=temporary()))
        self.identity = _unprivileged()
        self.running: list[subprocess.Popen[bytes]] = []
        if self.identity:
            os.chown(self.home, self.identity["user"], self.identity["group"])

    def postgres(self) -> str:
        """Make a new cluster, start it, and answer its administrator's URL."""
        binaries = postgres_binaries()
        if binaries is None:
            raise Unavailable("no binaries found; apt-get install postgresql")
        data = self.home / "postgres"
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        made = subprocess.run(
            [str(binaries / "initdb"), "-D", str(data), *options],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.home,
            **self.identity,
        )
        if made.returncode:
            raise Unavailable(f"initdb failed: {made.stderr.strip()[-400:]}")

        def command(port: int) -> list[str]:
            settings = {**POSTGRES_SETTINGS, "listen_addresses": "127.0.0.1", "port": str(port)}
            settings["unix_socket_directories"] = str(self.home)
            options = [f"--{name}={value}" for name, value in settings.items()]
            return [str(binaries / "postgres"), "-D", str(data), *options]

        def ready(port: int) -> bool:
            with contextlib.suppress(OSError, IndexError):
                lines = (data / "postmaster.pid").read_text().splitlines()
                return lines[3] == str(port) and lines[7].strip() == "ready"
            return False

        port = self._start("postgres.log", command, ready)
        return f"postgres://postgres@127.0.0.1:{port}/postgres"

    def redis(self, count: int) -> list[str]:
        """Start a server that keeps nothing on disk; answer a logical database for each worker."""
        binary = shutil.which("redis-server")
        if binary is None:
            raise Unavailable("no binary found; apt-get install redis-server")
        databases = max(16, count)

        def command(port: int) -> list[str]:
            options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(self.home)]
            options += ["--save", "", "--appendonly", "no", "--databases", str(databases)]
            return [binary, *options]

        def ready(port: int) -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as ask:
                ask.sendall(b"PING\r\n")
                return ask.recv(7) == b"+PONG\r\n"
            return False

        port = self._start("redis.log", command, ready)
        return [f"redis://127.0.0.1:{port}/{number}" for number in range(count)]

    def _start(
        self, log: str, command: Callable[[int], list[str]], ready: Callable[[int], bool]
    ) -> int:
        """Start a server on a free port; try another port when someone else was quicker."""
        for _ in range(3):
            port = free_port()
            with (self.home / log).open("wb") as output:
                server = subprocess.Popen(
                    command(port),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self.home,
                    **self.identity,
                )
            self.running.append(server)
            until = time.monotonic() + PATIENCE_SECONDS
            while server.poll() is None and time.monotonic() < until:
                if ready(port):
                    return port
                time.sleep(0.02)
        raise Unavailable(f"did not start: {(self.home / log).read_text()[-400:].strip()}")

    def stop(self) -> None:
        """Stop what runs and remove its files."""
        for server in self.running:
            server.send_signal(signal.SIGINT)
        for server in self.running:
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _unprivileged() -> dict[str, Any]:
    """As root, name someone else to run servers as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            person = pwd.getpwnam(name)
            return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
    return {}
