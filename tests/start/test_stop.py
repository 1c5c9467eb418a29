"""Stopping under load: what was begun is answered, and then the server is gone."""

import signal
import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests.start.test_start import free_port, serving

SLOW = {"query": 'mutation { logIn(email: "x@y.example", password: "whatever") { __typename } }'}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_answers_what_was_begun_and_goes(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    outcomes: list[tuple[float, float, str]] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            began = time.monotonic()
            try:
                answer = httpx2.post(f"http://127.0.0.1:{port}/graphql", json=SLOW, timeout=20)
                outcomes.append((began, time.monotonic(), str(answer.status_code)))
            except httpx2.ConnectError:
                outcomes.append((began, time.monotonic(), "not begun"))
                time.sleep(0.02)
            except httpx2.TransportError as error:
                outcomes.append((began, time.monotonic(), type(error).__name__))

    with serving(tmp_path, port) as process:
        threads = [threading.Thread(target=load) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        asked = time.monotonic()
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
        gone = time.monotonic() - asked
        stop.set()
        for thread in threads:
            thread.join()

    # A connection that was opened in the very moment of the signal may not have been read yet.
    in_flight = [said for began, ended, said in outcomes if began < asked - 0.05 and ended > asked]
    assert process.returncode == 0, output
    assert gone < 25
    assert set(in_flight) == {"200"}
    assert "Traceback" not in output
