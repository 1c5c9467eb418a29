"""GraphQL over HTTP as bytes: media types, bodies and parameters in, nothing executed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

import orjson
from starlette.types import Receive

from domain.kernel.deadlines import within
from domain.kernel.words import Phrase

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
BODY_MAX: Final = 1_000_000
DRAIN: Final = 8
"""How many times the allowed size is read and thrown away, so that the sender hears the answer."""
LENGTH_DIGITS_MAX: Final = 19
MEMBERS: Final = ("query", "documentId", "operationName", "variables", "extensions")
NAMING: Final = frozenset({b"query", b"documentId", b"extensions"})
"""The parameters of a URL that may name a document."""
DOCUMENT_ID_MAX: Final = 200
HEADER_REMEMBERED_MAX: Final = 512
ACCEPT_MAX: Final = 4_000
"""Characters of Accept that are read; browsers send 150."""
LATE: Final = Phrase("The body did not arrive in time.", "请求体未能及时送达。")
BROKEN_OFF: Final = Phrase("The body broke off.", "请求体传输中断。")
NO_JSON: Final = Phrase("The body is not valid JSON in UTF-8.", "请求体不是有效的 UTF-8 JSON。")
BATCH: Final = Phrase(
    "Send one operation in each request: batches are not taken.",
    "每个请求只能包含一个操作,不支持批量请求。",
)
NO_OBJECT: Final = Phrase("The body must be a JSON object.", "请求体须为 JSON 对象。")
BAD_URL: Final = Phrase("The URL's parameters are not valid, or too many.", "URL 参数无效或过多。")
NO_ID: Final = Phrase(
    "The member documentId must be the id of a document as text.",
    "成员 documentId 须为文档标识(文本)。",
)
NO_QUERY: Final = Phrase(
    "The member query must be a GraphQL document as text.", "成员 query 须为 GraphQL 文档(文本)。"
)
NO_NAME: Final = Phrase(
    "The member operationName must be text or null.", "成员 operationName 须为文本或 null。"
)


class Refused(Exception):
    """The request is not GraphQL over HTTP; the message is for the caller."""

    def __init__(
        self, status: int, message: Phrase, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Asked:
    """One well-formed request."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]
    extensions: dict[str, Any]
    document_id: str | None = None
    """Names the document where `query` is empty."""


# -- headers -------------------------------------------------------------------------------------


def negotiated(accept: str | None) -> str | None:
    """The media type to answer with; None when the caller takes neither of ours.

    Callers that name none, or everything, get `application/json`, as before the specification.
    """
    if accept is None:
        return JSON
    return _negotiated(accept) if len(accept) <= HEADER_REMEMBERED_MAX else _choose(accept)


def prefers_html(accept: str | None) -> bool:
    """Whether this is a browser that wants to show a page rather than a program."""
    if accept is None or "text/html" not in accept:
        return False
    page = _quality(accept, "text/html")
    return page > 0 and page >= _quality(accept, JSON) and page >= _quality(accept, GRAPHQL)


def _choose(accept: str) -> str | None:
    if not accept.strip():
        return JSON
    modern, legacy = _quality(accept, GRAPHQL), _quality(accept, JSON)
    if max(modern, legacy) <= 0:
        return None
    if modern == legacy:
        return GRAPHQL if GRAPHQL in accept.lower() else JSON
    return GRAPHQL if modern > legacy else JSON


_negotiated = lru_cache(maxsize=256)(_choose)


def _quality(accept: str, wanted: str) -> float:
    """The weight that `accept` gives to a media type: the most specific range decides."""
    best, weight = -1, 0.0
    for part in accept.split(","):
        name, parameters = _media_type(part)
        if name == wanted:
            rank = 2
        elif name == wanted.split("/")[0] + "/*":
            rank = 1
        elif name == "*/*":
            rank = 0
        else:
            continue
        if parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
            continue
        try:
            q = float(parameters.get("q", "1"))
        except ValueError:
            continue
        if rank > best and 0 <= q <= 1:
            best, weight = rank, q
    return weight


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    name, *parameters = text.split(";")
    pairs = (one.partition("=") for one in parameters)
    return name.strip().lower(), {
        key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs
    }


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    name, parameters = _media_type(content_type)
    return name == JSON and parameters.get("charset", "utf-8") in ("utf-8", "utf8")


def check_body_headers(content_type: str, encoding: str) -> None:
    """Refuse a body that is not plain JSON (415) by its headers alone."""
    if len(content_type) > HEADER_REMEMBERED_MAX or not _is_json(content_type):
        raise Refused(
            415,
            Phrase(
                "Send the request as Content-Type: application/json in UTF-8.",
                "请以 Content-Type: application/json(UTF-8)发送请求。",
            ),
            headers={"Accept-Post": JSON},
        )
    if encoding and encoding.lower() != "identity":
        raise Refused(
            415,
            Phrase("Send the body without Content-Encoding.", "请求体不得使用 Content-Encoding。"),
            headers={"Accept-Encoding": "identity"},
        )


# -- bodies and parameters -----------------------------------------------------------------------


async def read_body(
    receive: Receive, *, seconds: float, most: int = BODY_MAX, length: bytes | None = None
) -> bytes:
    """The whole body, at most `most` bytes (413), arriving within `seconds` (408).

    With `length`, the Content-Length by which the server framed the body, its last byte is its
    end: asking the server whether there is more costs as much again as the body.
    """
    plain = length is not None and len(length) < LENGTH_DIGITS_MAX and length.isascii()
    exact = int(length) if length and plain and length.isdigit() else None
    try:
        with within(seconds):
            return await _read(receive, most, exact)
    except TimeoutError:
        raise Refused(408, LATE) from None


async def _read(receive: Receive, most: int, length: int | None) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= DRAIN * most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, BROKEN_OFF)
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        if size == length:
            break
    if size > most:
        raise Refused(
            413,
            Phrase(f"The body is larger than {most:,} bytes.", f"请求体超过 {most:,} 字节。"),
        )
    return b"".join(chunks)


def from_body(body: bytes) -> Asked:
    """The request in a JSON body."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, NO_JSON) from None
    if isinstance(found, list):
        raise Refused(400, BATCH)
    if not isinstance(found, dict):
        raise Refused(400, NO_OBJECT)
    return _asked(found)


def names_a_document(query_string: bytes) -> bool:
    """Whether a URL asks something, so that it is no browser that looks for a page."""
    names = (unquote_to_bytes(one.partition(b"=")[0]) for one in query_string.split(b"&"))
    return not NAMING.isdisjoint(names)


def from_url(query_string: bytes) -> Asked:
    """The request in the parameters of a URL; `variables` and `extensions` are JSON there."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=50,
        )
    except ValueError:
        raise Refused(400, BAD_URL) from None
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name not in MEMBERS:
            continue
        if name in found:
            raise Refused(
                400,
                Phrase(f"The parameter {name} was sent more than once.", f"参数 {name} 重复出现。"),
            )
        found[name] = text if name == "query" else text or None
    for name in ("variables", "extensions"):
        if found.get(name) is not None:
            try:
                found[name] = orjson.loads(found[name])
            except orjson.JSONDecodeError:
                raise Refused(
                    400,
                    Phrase(
                        f"The parameter {name} is not valid JSON.", f"参数 {name} 不是有效的 JSON。"
                    ),
                ) from None
    return _asked(found)


def _asked(found: dict[str, Any]) -> Asked:
    query, document_id = found.get("query"), found.get("documentId")
    if document_id is not None and not (
        isinstance(document_id, str) and 0 < len(document_id) <= DOCUMENT_ID_MAX
    ):
        raise Refused(400, NO_ID)
    extensions = found.get("extensions")
    if query is None and (document_id or _names_query(extensions)):
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise Refused(400, NO_QUERY)
    name = found.get("operationName")
    if name is not None and not isinstance(name, str):
        raise Refused(400, NO_NAME)
    variables = found.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise Refused(400, _no_object("variables"))
    if extensions is not None and not isinstance(extensions, dict):
        raise Refused(400, _no_object("extensions"))
    return Asked(query, name, variables or {}, extensions or {}, document_id)


def _no_object(name: str) -> Phrase:
    return Phrase(f"The member {name} must be an object or null.", f"成员 {name} 须为对象或 null。")


def _names_query(extensions: Any) -> bool:
    """Whether the extensions name a query by its hash, so that its text need not come along."""
    return isinstance(extensions, dict) and extensions.get("persistedQuery") is not None
