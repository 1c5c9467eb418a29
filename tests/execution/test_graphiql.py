"""GraphiQL comes from here alone: its page, its files, its policy."""

import hashlib
import re
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from api import graphiql
from tests.execution import toy

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FOLDER = Path(graphiql.FOLDER)
APP = Starlette(
    routes=[
        Route("/graphql", toy.door()),
        Route("/plain", toy.door(graphiql=False)),
        Mount(graphiql.ASSETS_PATH, graphiql.GraphiQLAssets()),
    ]
)


async def get(url: str, **headers: str) -> httpx2.Response:
    """One GET; header names are written with underscores."""
    async with toy.client(APP) as http:
        return await http.get(url, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def test_browsers_get_the_page_and_programs_do_not() -> None:
    page = await get("/graphql", accept=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await get("/graphql", accept="application/json")).status_code == 400
    assert (await get("/graphql", accept="*/*")).status_code == 400
    assert (await get("/graphql?query={hello}", accept=BROWSER)).json()["data"]
    assert (await get("/plain", accept=BROWSER)).status_code == 400


async def test_the_page_loads_only_from_here_and_its_files_are_there() -> None:
    page = await get("/graphql", accept=BROWSER)
    assert "<script>" not in page.text
    assert "style=" not in page.text
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    files = [one for one in links if one != "data:,"]
    assert len(files) == 6
    for link in files:
        assert link.startswith(f"{graphiql.ASSETS_PATH}/{graphiql.version()}/")
        found = await get(link)
        assert found.status_code == 200
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.content == (FOLDER / link.rsplit("/", 1)[1]).read_bytes()


async def test_the_policy_allows_this_origin_alone() -> None:
    policy = (await get("/graphql", accept=BROWSER)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize("packing", ["gzip", "identity"])
async def test_what_the_browser_holds_is_not_sent_again(packing: str) -> None:
    link = f"{graphiql.ASSETS_PATH}/{graphiql.version()}/boot.js"
    for url, accept in ((link, "*/*"), ("/graphql", BROWSER)):
        first = await get(url, accept=accept, accept_encoding=packing)
        assert first.headers.get("content-encoding", "identity") == packing
        again = await get(
            url, accept=accept, accept_encoding=packing, if_none_match=first.headers["etag"]
        )
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/boot.js", "/old/boot.js", "/{version}/SOURCES.md", "/{version}/../boot.js", "/{version}/"],
)
async def test_nothing_else_is_served(path: str) -> None:
    found = await get(graphiql.ASSETS_PATH + path.format(version=graphiql.version()))
    assert found.status_code == 404


async def test_assets_are_only_read() -> None:
    async with toy.client(APP) as http:
        answer = await http.post(f"{graphiql.ASSETS_PATH}/{graphiql.version()}/boot.js")
    assert answer.status_code == 405


async def test_the_vendored_files_are_those_that_sources_names() -> None:
    sources = (FOLDER / "SOURCES.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| `[0-9a-f]{64}` \| `([0-9a-f]{64})` \|$", sources, re.M)
    assert len(rows) == 4
    for name, digest in rows:
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
        text = (FOLDER / name).read_text()
        assert "sourceMappingURL" not in text
        assert "@font-face" not in text
        assert "@import" not in text
        assert not re.search(r"url\(\s*['\"]?(?!data:|\"\)|['\"]?#)https?:", text)


async def test_the_page_proves_that_it_is_ours() -> None:
    boot = (FOLDER / "boot.js").read_text()
    assert "'X-Counterfoil-Request': '1'" in boot
    assert "credentials: 'same-origin'" in boot
