"""The processes of a run: contestants, ours, the load. All of them end with this process."""

import base64
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

ROOT: Final = Path(__file__).resolve().parent.parent
SERVE: Final = "import sys; from console_sdk.cli import main; sys.exit(main())"
PATIENCE_SECONDS: Final = 30
TICKS: Final = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG: Final = 1


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    """In a child, before it begins: Linux stops it when this process dies, however that happens."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _start(
    arguments: list[str], more: Mapping[str, str], program: str = sys.executable, **options: Any
) -> subprocess.Popen[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("COUNTERFOIL_")}
    return subprocess.Popen(
        [program, *arguments],
        env={**inherited, "PYTHONPATH": str(ROOT), **more},
        text=True,
        start_new_session=True,  # Ctrl-C reaches the run alone, which stops the others in order
        preexec_fn=_end_with_parent,  # noqa: PLW1509 # no threads are running here
        **options,
    )


class Memory(NamedTuple):
    """Megabytes (of 1,000,000 bytes): resident, and the share of it that is a process's own."""

    worker: float
    worker_pss: float
    others: float
    others_pss: float


class Server:
    """A server process on a free port."""

    def __init__(
        self,
        arguments: list[str],
        more: Mapping[str, str],
        port: int,
        *,
        folder: Path,
        program: str = sys.executable,
    ) -> None:
        self.port = port
        self.log = folder / f"server-{port}.log"
        self._log = self.log.open("w")
        self.began = time.perf_counter()
        self.process = _start(
            arguments, more, program, stdout=self._log, stderr=self._log, cwd=folder
        )

    def ready(self, path: str, status: int = 200) -> float:
        """Wait until `path` answers with `status`; the seconds since the start."""
        while self.process.poll() is None and self.seconds < PATIENCE_SECONDS:
            if _status(self.port, path) == status:
                return self.seconds
            time.sleep(0.005)
        self.stop()
        raise RuntimeError(f"a server did not start: {self.log.read_text()[-800:]}")

    @property
    def seconds(self) -> float:
        """The time since its start."""
        return time.perf_counter() - self.began

    def cpu(self) -> float:
        """The CPU seconds of its process tree so far."""
        total = 0
        for pid in tree(self.process.pid):
            with contextlib.suppress(OSError):
                parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(parts[11]) + int(parts[12])
        return total / TICKS

    def memory(self) -> "Memory":
        """The memory of its worker, which is the largest process under it, and of all others."""
        found = sorted(_memory(pid) for pid in tree(self.process.pid))
        others = found[:-1]
        return Memory(*found[-1], sum(one[0] for one in others), sum(one[1] for one in others))

    def stop(self) -> None:
        """End it as Ctrl-C does, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()


def machine_cpu() -> float:
    """The CPU seconds that the whole machine has spent so far on anything (Linux)."""
    told = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _idle, _waiting, *others = (int(one) for one in told)
    return (user + nice + system + sum(others[:2])) / TICKS


def tree(pid: int) -> list[int]:
    """A process and all its descendants (Linux)."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                todo.extend(int(child) for child in task.read_text().split())
    return found


def _memory(pid: int) -> tuple[float, float]:
    """The resident and the proportional set size of a process in MB; 0 when it has ended."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        resident, own = (text.partition(f"\n{name}:")[2].split()[0] for name in ("Rss", "Pss"))
        return int(resident) * 1024 / 1e6, int(own) * 1024 / 1e6
    return 0.0, 0.0


def _status(port: int, path: str) -> int:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
            link.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
            return int(link.recv(12)[9:12] or 0)
    except (OSError, ValueError):
        return 0


def ours(more: Mapping[str, str], *, folder: Path, demo: bool = False) -> Server:
    """`counterfoil serve`, as a user starts it."""
    port = free_port()
    arguments = ["-c", SERVE, "serve", "--port", str(port), *(["--demo"] if demo else [])]
    return Server(arguments, more, port, folder=folder)


def contestant(module: str, facts: Path, *, prefetch: bool = False) -> Server:
    """One of the other contestants."""
    port = free_port()
    more = {"BENCH_FACTS": str(facts), "BENCH_PREFETCH": "1" if prefetch else "0"}
    return Server(["-m", "bench.stand", module, str(port)], more, port, folder=facts.parent)


def node(program: Path, script: Path, facts: Path, more: Mapping[str, str]) -> Server:
    """A peer that runs on Node.js, of which `program` is the executable."""
    port = free_port()
    kind = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    more = {"BENCH_FACTS": str(facts), **kind, **more}
    return Server([str(script), str(port)], more, port, folder=facts.parent, program=str(program))


class Load:
    """The load process."""

    def __init__(self) -> None:
        self.process = _start(
            ["-m", "bench.load"], {}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def run(
        self, port: int, request: bytes, seconds: float, *, connections: int = 16
    ) -> dict[str, Any]:
        """Keep a server busy; what came back. Raises when an answer was not as the others."""
        order = {
            "port": port,
            "request": base64.b64encode(request).decode(),
            "connections": connections,
            "seconds": seconds,
        }
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        if found["faults"]:
            where = f"{found['faults']} answers on port {port}"
            raise RuntimeError(f"{where} were not as the others: {found['fault']}")
        return found


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of a kept-alive request."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
