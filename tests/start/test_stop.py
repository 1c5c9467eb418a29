"""Stopping under load: what was begun is answered, and then the server is gone."""

import http.client
import json
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.start.test_start import free_port, serving

SLOW = {
    "query": 'mutation { signUp(email: "ann@qinghe.example", password: "whatever it is", '
    'enterprise: "X") { __typename } }'
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_answers_what_was_begun_and_goes(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    outcomes: list[tuple[float, float, str]] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            sent = float("inf")
            try:
                body, kind = json.dumps(SLOW), {"content-type": "application/json"}
                connection.request("POST", "/graphql", body, kind)
                sent = time.monotonic()
                said = str(connection.getresponse().status)
            except (OSError, http.client.HTTPException) as error:
                said = type(error).__name__
                time.sleep(0.02)
            outcomes.append((sent, time.monotonic(), said))
            connection.close()

    (tmp_path / ".env").write_text("COUNTERFOIL_QUERY_BUDGET=1000000\n")
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

    # What was sent in the very moment of the signal may not have been read by the server yet.
    in_flight = [said for sent, ended, said in outcomes if sent < asked - 0.02 and ended > asked]
    assert process.returncode == 0, output
    assert gone < 25
    assert set(in_flight) == {"200"}
    assert "Traceback" not in output
