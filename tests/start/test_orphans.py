"""A supervisor that is killed outright leaves no worker behind, and nothing half done."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.start.test_start import free_port, serving
from tests.subscriptions.raw import dialled
from tests.subscriptions.test_real_server import EVENTS, logged_in

pytestmark = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="Linux alone tells")
PATIENCE_SECONDS = 30


def workers_of(pid: int) -> list[int]:
    """The processes that it started and that listen, by their parent."""
    asked = ["ps", "-A", "-o", "pid=,ppid="]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True)
    table = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    return [child for child, parent in table if parent == pid]


def gone(pid: int) -> bool:
    """Whether a process has ended, also if nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def is_free(port: int) -> bool:
    """Whether one may listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


async def say_farewell(supervisor: "subprocess.Popen[str]", port: int, token: str) -> None:
    """Kill the supervisor under a stream and a request that has half come; both end well."""
    body = json.dumps({"query": "{__typename}"}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    async with dialled(port) as subscriber:
        await subscriber.init(token)
        await subscriber.subscribe(EVENTS)
        with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as begun:
            begun.sendall(head.encode() + body[:5])
            time.sleep(0.3)  # noqa: ASYNC251 # the worker shall have begun
            os.kill(supervisor.pid, signal.SIGKILL)
            begun.sendall(body[5:])
            assert begun.recv(100).startswith(b"HTTP/1.1 200 ")
        assert await subscriber.hear() == {"id": "1", "type": "complete"}
        assert (await subscriber.closed()).code == 1001


async def test_workers_finish_and_end_when_the_supervisor_was_killed(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as supervisor:
        workers = workers_of(supervisor.pid)
        assert workers
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await say_farewell(supervisor, port, logged_in(port, tmp_path / "var"))
            output, _ = supervisor.communicate(timeout=PATIENCE_SECONDS)  # none that writes is left
            for _ in range(100):
                if all(map(gone, workers)):
                    break
                time.sleep(0.1)  # noqa: ASYNC251
        finally:
            left = [pid for pid in workers if not gone(pid)]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
    assert left == []
    assert is_free(port)
    assert "Traceback" not in output
