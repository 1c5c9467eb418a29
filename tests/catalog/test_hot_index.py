"""The catalogue held in the process: loaded once, resolved by route, dropped when it changes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from domain.catalog import hot
from domain.kernel import changes
from domain.pricing.commands import import_catalogue
from tests.cast import Cast
from tests.catalog.documents import a_new_one, of_one, put
from tests.world import World


@pytest.fixture(autouse=True)
def _nothing_is_held(db: World) -> None:
    hot.forget()


async def test_knows_every_api_by_its_code_and_its_route(db: World) -> None:
    index = await hot.index()

    api = index.by_code["ocr.idcard"]
    assert (api.product_code, api.method, api.path) == ("id-ocr", "POST", "/v1/ocr/idcard")
    assert (api.free_qps, api.paid_qps, api.sale_status) == (2, 10, "LISTED")
    assert (api.result_codes["OK"], api.result_codes["IMAGE_BLUR"]) == (True, False)
    assert index.resolve("POST", "/v1/ocr/idcard") is api
    assert all(index.resolve(one.method, one.path) is one for one in index.by_code.values())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/ocr/idcard"),
        ("post", "/v1/ocr/idcard"),
        ("POST", "/v1/ocr/idcard/"),
        ("POST", "/V1/ocr/idcard"),
        ("POST", "/v1/ocr/../ocr/idcard"),
        ("POST", ""),
    ],
)
async def test_routes_match_to_the_letter(db: World, method: str, path: str) -> None:
    assert (await hot.index()).resolve(method, path) is None


async def test_many_first_calls_load_once(db: World, statements: Callable[[], Any]) -> None:
    with statements() as counted:
        found = await asyncio.gather(*(hot.index() for _ in range(20)))
        again = await hot.index()

    assert counted.count == 2
    assert all(one is again for one in found)


async def test_an_import_is_seen_at_once(cast: Cast) -> None:
    assert (await hot.index()).by_code["ocr.idcard"].result_codes["IMAGE_BLUR"] is False

    document = put(of_one(), "products.0.apis.0.resultCodes.1.billable", True)
    await import_catalogue(cast.ops(), document=document)

    code = document["products"][0]["apis"][0]["resultCodes"][1]["code"]
    assert (await hot.index()).by_code["ocr.idcard"].result_codes[code] is True


async def test_a_change_elsewhere_is_seen_when_its_mark_is_read(cast: Cast) -> None:
    held = await hot.index()
    changes.tell([("key", "key_1")])
    assert await hot.index() is held

    changes.tell([("catalogue", "*")])
    assert await hot.index() is not held


async def test_a_load_that_a_change_overtakes_is_not_kept(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = hot._load

    async def overtaken() -> hot.CatalogIndex:
        found = await load()
        monkeypatch.setattr(hot, "_load", load)
        await import_catalogue(cast.ops(), document=a_new_one())
        return found

    monkeypatch.setattr(hot, "_load", overtaken)
    assert "new-ocr" not in (await hot.index()).by_code

    assert "new-ocr" in (await hot.index()).by_code


async def test_loads_anew_after_a_minute(db: World, monkeypatch: pytest.MonkeyPatch) -> None:
    held = await hot.index()
    monkeypatch.setattr(hot._held, "until", asyncio.get_running_loop().time() - 0.001)

    assert await hot.index() is not held
