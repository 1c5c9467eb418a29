"""Serves a contestant as `counterfoil serve` serves ours: granian embedded, one worker, uvloop.

Run as `python -m bench.stand MODULE PORT`; the module has an ASGI app called `app`. The facts of
the run are in the file that BENCH_FACTS names.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from domain.kernel import secrets


def facts() -> dict[str, Any]:
    """What the run knows: the database, the secrets, and per page its statements."""
    found: dict[str, Any] = json.loads(Path(os.environ["BENCH_FACTS"]).read_text())
    secrets.use_root(found["root"])
    return found


async def serve(app: Any, port: int) -> None:
    """Serve until the process is stopped."""
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
    )
    await server.serve()


if __name__ == "__main__":
    uvloop.run(serve(importlib.import_module(sys.argv[1]).app, int(sys.argv[2])))
