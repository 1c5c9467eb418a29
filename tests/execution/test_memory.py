"""Documents that are never asked again leave no trace: memory is bounded by what is remembered."""

import http.client
import json
import os
import sys
from pathlib import Path

from tests.start.test_start import free_port, serving
from tests.subscriptions.test_real_server import resident_kilobytes

DOCUMENTS = int(os.environ.get("DOCUMENTS", "1000"))
"""10,000 in the long form (`make soak`), in which the shelves are full before the first look."""

SHELF = 1_000
KILOBYTES_EACH_MAX = 100
FLAT_KILOBYTES_MAX = 64 * 1024
"""What lies between two full collections; without them it was 185 MiB, and growing."""


def document(number: int) -> str:
    """One of many: three are good (and of different shapes), the fourth is refused."""
    if number % 4 == 3:
        return f"{{viewer{{id nothing{number}}}}}"
    fields = (
        "code nameEn saleStatus" if number % 4 else "code plans{code nameEn price{tiers{upTo}}}"
    )
    return (
        f"query Page{number}($n:Int){{a{number}:products(first:$n){{nodes{{id {fields} "
        f"b{number}:code}} pageInfo{{hasNextPage endCursor}}}} viewer{{id kind scopes}}}}"
    )


def test_documents_by_the_thousand_leave_memory_flat(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / ".env").write_text(
        "COUNTERFOIL_QUERY_BUDGET=1000000000\nCOUNTERFOIL_QUERY_BUDGET_PER_SECOND=1000000\n"
        "COUNTERFOIL_READING_BUDGET=1000000000\nCOUNTERFOIL_READING_BUDGET_PER_SECOND=1000000\n"
    )
    first = DOCUMENTS // 5
    with serving(tmp_path, port) as process:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        marks = []
        for number in range(DOCUMENTS):
            body = json.dumps({"query": document(number), "variables": {"n": 2}})
            link.request("POST", "/graphql", body, {"content-type": "application/json"})
            answer = json.loads(link.getresponse().read())
            assert ("errors" in answer) is (number % 4 == 3), answer
            if number + 1 in (first, DOCUMENTS):
                marks.append(resident_kilobytes(process.pid))
        link.close()
    early, late = marks
    said = f"{early // 1024} MiB after {first:,} documents, {late // 1024} after {DOCUMENTS:,}"
    sys.stderr.write(f"\n{said}\n")
    assert late - early < KILOBYTES_EACH_MAX * min(DOCUMENTS - first, SHELF)
    if first > SHELF:
        assert late - early < FLAT_KILOBYTES_MAX
