"""Is the process alive, can it work, and what has it counted."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.rest.ready import JSON, Ready
from domain.kernel import database
from domain.kernel.sql import run


async def healthz(_: Request) -> Response:
    """200 while the process answers at all; asks nothing of the database."""
    return Ready(b'{"status":"ok"}', JSON)


async def readyz(_: Request) -> Response:
    """200 when the database answers and is migrated; 503 with the reason otherwise."""
    try:
        await run("SELECT 1 AS one")
        await database.check_migrated()
    except database.UnusableDatabase as unusable:
        return JSONResponse({"status": "unready", "reason": str(unusable)}, 503)
    except Exception:  # noqa: BLE001  (whatever ails the database, the answer is "not ready")
        return JSONResponse({"status": "unready", "reason": "the database does not answer"}, 503)
    return JSONResponse({"status": "ready"})


async def metrics(_: Request) -> Response:
    """This process's counters in Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


routes = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
]
