"""`python -m bench.hot`: the hot doors, absolute and against a bare JSON endpoint of that server.

Token issue, the warm check at call time, the public catalogue as it is held (42 kB), and ingest of
1,000 events a batch, acknowledged after the commit. The limits are on; the budgets are raised, so
that no call is refused for its rate.
"""

import argparse
import asyncio
import base64
import statistics
import sys
import time
from typing import Any, Final

import httpx2
import orjson
import uuid_utils

from bench import processes
from bench.ground import Ground, prepared
from bench.pages import PAGES
from bench.processes import Load, Server
from domain.catalog.models import Product
from domain.entitlements.models import Entitlement
from domain.kernel import database
from domain.kernel.context import SYSTEM

API: Final = "ocr.idcard"
BATCH: Final = 1_000
SENDERS: Final = 4


async def _raise_budgets(url: str) -> None:
    await database.open_database(url)
    rates = {"free_qps": 1_000_000, "paid_qps": 1_000_000, "max_qps": 1_000_000}
    await Product.filter(code="id-ocr").update(**rates)
    await Entitlement.visible_to(SYSTEM).update(quantity=10**9)
    await database.close_database()


def _requests(ground: Ground, server: Server) -> dict[str, bytes]:
    """The request of each door; asks for the token that the check then sees."""
    facts = ground.facts
    basic = base64.b64encode(f"{facts['keyId']}:{facts['keySecret']}".encode()).decode()
    form = {
        "authorization": f"Basic {basic}",
        "content-type": "application/x-www-form-urlencoded",
    }
    asked = "grant_type=client_credentials"
    base = f"http://127.0.0.1:{server.port}"
    told = httpx2.post(f"{base}/oauth/token", headers=form, content=asked)
    check = {
        "authorization": f"Bearer {told.json()['access_token']}",
        "x-api": API,
        "x-service-key": facts["serviceSecret"],
    }
    stranger = {name: value for name, value in ground.headers.items() if name != "authorization"}
    page = PAGES["catalogue"].body(facts)
    return {
        "bare JSON (/healthz)": processes.request("GET", "/healthz", {}),
        "POST /oauth/token": processes.request("POST", "/oauth/token", form, asked.encode()),
        "GET /authorize": processes.request("GET", "/authorize", check),
        "catalogue, held": processes.request("POST", "/graphql", stranger, page),
        "the same, logged in": processes.request("POST", "/graphql", ground.headers, page),
    }


def _doors(ground: Ground, server: Server, load: Load, seconds: float, rounds: int) -> None:
    """Print the rate of each door, the rounds interleaved."""
    requests = _requests(ground, server)
    rates: dict[str, list[float]] = {name: [] for name in requests}
    alone: dict[str, dict[str, Any]] = {}
    for number in range(rounds + 1):
        for name, request in requests.items():
            found = load.run(server.port, request, seconds)
            if number:  # the first round warms up
                rates[name].append(found["rate"])
                alone[name] = load.run(server.port, request, seconds / 2, connections=1)
    bare = next(iter(rates))
    for name, found_rates in rates.items():
        pairs = zip(found_rates, rates[bare], strict=True)
        ratio = statistics.median(mine / theirs for mine, theirs in pairs)
        rate = statistics.median(found_rates)
        p50, p99 = alone[name]["p50"], alone[name]["p99"]
        print(f"{name:24} {rate:8.0f}/s  {ratio:5.2f} of bare  p50 {p50:.2f} ms  p99 {p99:.2f} ms")


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


async def _ingest(ground: Ground, server: Server, batches: int) -> None:
    """Print how many events a second are counted, with four senders."""
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
    cpu = (server.cpu() - used) / (batches * BATCH) * 1e6
    print(
        f"POST /usage/events       {batches * BATCH / lasted:8.0f} events/s in batches of {BATCH}, "
        f"{SENDERS} senders; {statistics.median(took) * 1000:.0f} ms a batch; {cpu:.0f} µs of the "
        "server's CPU an event"
    )


def main() -> None:
    """Run all three."""
    parser = argparse.ArgumentParser(prog="python -m bench.hot", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a turn lasts")
    parser.add_argument("--rounds", type=int, default=5, help="how many turns each gets")
    parser.add_argument("--batches", type=int, default=40, help="batches of events")
    asked = parser.parse_args()
    with prepared() as ground, Load() as load:
        asyncio.run(_raise_budgets(ground.url))
        settings = {
            **ground.settings,
            "COUNTERFOIL_TOKEN_REQUESTS_PER_SECOND": "1000000",
            "COUNTERFOIL_SHARED_ANSWERS": "true",
        }
        server = processes.ours(settings, folder=ground.folder)
        try:
            server.ready("/readyz")
            print(f"{ground.kind}, one worker, 16 connections")
            _doors(ground, server, load, asked.seconds, asked.rounds)
            asyncio.run(_ingest(ground, server, asked.batches))
        finally:
            server.stop()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
