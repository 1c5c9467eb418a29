"""How many events a second the ingest door counts, each batch acknowledged after its commit."""

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import Final

import httpx2
import orjson
import uuid_utils

from bench.ground import Ground
from bench.processes import Server

BATCH: Final = 1_000
SENDERS: Final = 4
API: Final = "ocr.idcard"


@dataclass(frozen=True)
class Ingested:
    """What came out: events a second, seconds a batch, and CPU seconds an event."""

    rate: float
    batch_seconds: float
    cpu_seconds: float


def _batch(key_id: str) -> bytes:
    """A thousand new events."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return orjson.dumps(
        [
            {
                "specversion": "1.0",
                "type": "counterfoil.call.v1",
                "source": "/gateways/bench",
                "id": str(uuid_utils.uuid7()),
                "time": now,
                "data": {"api": API, "resultCode": "OK", "keyId": key_id, "durationMs": 12},
            }
            for _ in range(BATCH)
        ]
    )


async def ingest(ground: Ground, server: Server, batches: int) -> Ingested:
    """Send batches of a thousand from four senders at once, after one warm batch from each."""
    bodies = [_batch(ground.facts["keyId"]) for _ in range(batches + SENDERS)]
    headers = {
        "content-type": "application/cloudevents-batch+json",
        "x-service-key": ground.facts["serviceSecret"],
    }
    took: list[float] = []
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:

        async def send(body: bytes) -> None:
            began = time.perf_counter()
            answer = await client.post("/usage/events", content=body, headers=headers)
            took.append(time.perf_counter() - began)
            told = answer.json()
            if answer.status_code != 200 or told["accepted"] != BATCH:
                raise RuntimeError(f"ingest: {answer.status_code} {answer.text[:300]}")

        async def sender() -> None:
            while bodies:
                await send(bodies.pop())

        for _ in range(SENDERS):
            await send(bodies.pop())
        took.clear()
        began, used = time.perf_counter(), server.cpu()
        await asyncio.gather(*(sender() for _ in range(SENDERS)))
        lasted = time.perf_counter() - began
    events = batches * BATCH
    return Ingested(events / lasted, statistics.median(took), (server.cpu() - used) / events)
