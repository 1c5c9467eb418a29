"""What no client library sends: each is refused or closed, and others are served meanwhile."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import plain_http
from tests.start.test_start import free_port, serving

PATIENCE = 60
"""Seconds after which a test gives up waiting; nothing is measured by it."""
QUERY = b'{"query":"{__typename}"}'
HOST = b"Host: test\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
POST = b"POST /graphql HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = b"%x\r\n%b\r\n" % (len(QUERY), QUERY)
HIDDEN = b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that gives a request a second."""
    chosen = free_port()
    folder = tmp_path_factory.mktemp("raw")
    settings = {"COUNTERFOIL_REQUEST_SECONDS": "1"}
    with serving(folder, chosen, **settings):
        yield chosen


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A bare connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as made:
        yield made


def heard(link: socket.socket) -> bytes:
    """All that the server says until it closes; TimeoutError when it never does."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := link.recv(65_536):
            found += part
    return found


def statuses(answers: bytes) -> list[int]:
    """The status of each answer in what was heard."""
    lines = [one for one in answers.split(b"\r\n") if b"HTTP/1." in one]
    return [int(one.split(b"HTTP/1.")[1].split()[1]) for one in lines]


def others_are_served(port: int) -> None:
    """Somebody else asks and is answered."""
    sent = {"query": "{__typename}"}
    answer = plain_http.post(f"http://127.0.0.1:{port}/graphql", json=sent, timeout=PATIENCE)
    assert answer.json()["data"] == {"__typename": "Query"}


CLOSED = 0
READ_MAX = 32_768
"""Of more the server reads no rest: its answer may be lost when it closes."""

REFUSED: dict[str, tuple[bytes, int]] = {
    "no request at all": (b"HELLO\r\n\r\n", 400),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, 400),
    "bytes": (b"\xff" * 1_000, 400),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", 400),
    "HTTP/2.0 in the line": (b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n", 400),
    "HTTP/9.9": (b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n", 400),
    "HTTP/2 without asking": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", CLOSED),
    "a path of bytes": (b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "NUL in a header": (GET + b"X: a\0b\r\n\r\n", 400),
    "a header over two lines": (GET + b"X: a\r\n b\r\n\r\n", 400),
    "a space before the colon": (GET + b"X : a\r\n\r\n", 400),
    "a thousand headers": (GET + b"".join(b"X-%d: 1\r\n" % i for i in range(1_000)) + b"\r\n", 431),
    "a header of 40 kB": (GET + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431),
    "headers of 1 MB": (GET + (b"X: " + b"a" * 9_990 + b"\r\n") * 100 + b"\r\n", 431),
    "headers without end": (GET + b"X: " + b"a" * 2_000_000, 431),
    "an address of 200 kB": (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
    "two lengths": (POST + b"Content-Length: 24\r\nContent-Length: 4\r\n\r\n" + QUERY, 400),
    "a list of lengths": (POST + b"Content-Length: 24, 24\r\n\r\n" + QUERY, 400),
    "a length with a sign": (POST + b"Content-Length: +24\r\n\r\n" + QUERY, 400),
    "a length below nothing": (POST + b"Content-Length: -1\r\n\r\n" + QUERY, 400),
    "a length in hexadecimal": (POST + b"Content-Length: 0x18\r\n\r\n" + QUERY, 400),
    "a length beyond all numbers": (POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", 400),
    "a coding that is none": (POST + b"Transfer-Encoding: xchunked\r\n\r\n" + WHOLE, 400),
    "a coding after chunks": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + WHOLE,
        400,
    ),
    "a chunk of no size": (CHUNKED + b"zz\r\n" + QUERY + b"\r\n0\r\n\r\n", 400),
    "a chunk below nothing": (CHUNKED + b"-18\r\n" + QUERY + b"\r\n0\r\n\r\n", 400),
    "a chunk beyond all numbers": (CHUNKED + b"f" * 20 + b"\r\n" + QUERY + b"\r\n0\r\n\r\n", 400),
    "a chunk that goes on": (CHUNKED + b"1\r\n" + QUERY + b"\r\n0\r\n\r\n", 400),
    "what is told of a chunk, without end": (CHUNKED + b"18;" + b"a" * 100_000 + b"\r\n", 400),
    "trailers without end": (
        CHUNKED + WHOLE + b"0\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(5_000)) + b"\r\n",
        400,
    ),
    "a body that never comes": (POST + b"Content-Length: 2000\r\n\r\n", 408),
    "chunks that never come": (CHUNKED, 408),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_malformed_is_refused_and_the_connection_ends(port: int, name: str) -> None:
    sent, status = REFUSED[name]
    with connected(port) as link:
        with contextlib.suppress(OSError):
            link.sendall(sent)
        others_are_served(port)
        found = statuses(heard(link))
    assert found == ([status] if status else []) or (len(sent) > READ_MAX and not found)


def test_headers_of_32_kilobytes_are_read_and_no_more(port: int) -> None:
    """However they come: in one piece, the server would take twice that."""
    kept = len(b"hostXconnectionclosea")
    for more, status in ((0, 200), (1, 431)):
        value = b"a" * (32_768 - kept + more)
        with connected(port) as link:
            link.sendall(
                b"GET /healthz HTTP/1.1\r\nHost: X\r\nConnection: close\r\na: "
                + value
                + b"\r\n\r\n"
            )
            answer = heard(link)
        assert statuses(answer) == [status]
        assert (b"32,768 bytes" in answer) == bool(more)


@pytest.mark.parametrize(
    "both",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n",
    ],
)
def test_no_request_hides_in_the_body_of_another(port: int, both: bytes) -> None:
    """With both framings the chunks count, and nothing behind them is read."""
    with connected(port) as link:
        link.sendall(POST + both + WHOLE + b"0\r\n\r\n" + HIDDEN)
        answers = heard(link)
    assert statuses(answers) == [200]
    assert b"connection: close" in answers.lower() or b"hidden" not in answers


def test_a_body_shorter_than_its_length_is_refused(port: int) -> None:
    with connected(port) as link:
        link.sendall(POST + b"Content-Length: 100\r\n\r\n" + QUERY)
        link.shutdown(socket.SHUT_WR)
        assert statuses(heard(link)) == [400]
    others_are_served(port)


def test_requests_in_a_row_are_answered_in_their_order(port: int) -> None:
    with connected(port) as link:
        link.sendall((GET + b"\r\n") * 200 + GET + b"Connection: close\r\n\r\n")
        others_are_served(port)
        assert statuses(heard(link)) == [200] * 201


@pytest.mark.parametrize("piece", [b" ", b"1\r\n \r\n"], ids=["bytes", "chunks"])
def test_a_body_in_drops_is_given_up(port: int, piece: bytes) -> None:
    head = CHUNKED if piece.startswith(b"1") else POST + b"Content-Length: 900000\r\n\r\n"
    with connected(port) as link:
        link.sendall(head)
        link.settimeout(0.05)
        answers = b""
        for _ in range(PATIENCE * 20):
            with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
                link.sendall(piece)
                answers += link.recv(65_536)
                break
        assert statuses(answers) == [408]
    others_are_served(port)


def test_a_body_without_end_is_given_up(port: int) -> None:
    with connected(port) as link:
        link.sendall(CHUNKED)
        with contextlib.suppress(OSError):
            for _ in range(1_000):
                link.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        assert statuses(heard(link)) in ([413], [])
    others_are_served(port)


SLOW = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "half of the headers": GET + b"X: a\r\n",
    "a request, and then nothing": GET + b"\r\n",
}


def test_who_says_nothing_is_let_go(port: int) -> None:
    """Slow headers, and connections that nobody uses: all are closed, without being counted."""
    with contextlib.ExitStack() as open_:
        links = {name: open_.enter_context(connected(port)) for name in SLOW}
        for name, link in links.items():
            link.sendall(SLOW[name])
        found = {name: statuses(heard(link)) for name, link in links.items()}
    assert found.pop("a request, and then nothing") == [200]
    assert not any(found.values())


def test_connections_by_the_thousand_leave_room_for_others(port: int) -> None:
    with contextlib.ExitStack() as open_:
        for number in range(1_500):
            link = open_.enter_context(connected(port))
            link.sendall(list(SLOW.values())[number % 3])
        others_are_served(port)
    others_are_served(port)
