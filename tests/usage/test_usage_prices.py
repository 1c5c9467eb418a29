"""What `usageStats` costs: as many points as figures that its arguments ask for."""

from pathlib import Path
from typing import Any

import pytest

from api.explain import explain, operations_of
from api.runtime import Runtime
from domain.accounts.identity import actor_of_email
from tests.fixtures import Ask

ASKED = """query Stats(
  $period: UsagePeriod! = DAY, $from: DateTime, $until: DateTime, $groupBy: [UsageGroup!]
) {
  usageStats(period: $period, from: $from, until: $until, groupBy: $groupBy) { total }
}"""
AHEAD = "query($d: String!, $v: JSON) { costOf(document: $d, variables: $v) { points } }"
NOVEMBER = {"from": "2026-11-01T00:00:00+08:00", "until": "2026-12-01T00:00:00+08:00"}
HOURS_OF_A_MONTH = 30 * 24 + 1

PRICES: list[tuple[dict[str, Any], int]] = [
    ({}, 30),
    ({"period": "HOUR"}, 24),
    ({"period": "MONTH"}, 13),
    (NOVEMBER, 31),
    ({**NOVEMBER, "groupBy": ["PRODUCT"]}, 31 * 5),
    ({**NOVEMBER, "groupBy": "PRODUCT"}, 31 * 5),
    ({**NOVEMBER, "groupBy": ["PRODUCT", "API", "API"]}, 31 * 15),
    ({**NOVEMBER, "groupBy": ["API", "SUB_ACCOUNT"]}, 31 * 75),
    ({**NOVEMBER, "groupBy": ["KEY"]}, 31 * 10),
    ({**NOVEMBER, "period": "HOUR"}, HOURS_OF_A_MONTH),
    ({**NOVEMBER, "period": "HOUR", "groupBy": ["API"]}, 4_000),
    ({"from": NOVEMBER["from"]}, 367),
    ({"from": NOVEMBER["until"], "until": NOVEMBER["from"]}, 1),
]


@pytest.mark.parametrize(("given", "figures"), PRICES)
async def test_as_many_points_as_figures_told_ahead_and_taken(
    ask: Ask, given: dict[str, Any], figures: int
) -> None:
    ahead = await ask(AHEAD, as_="ann", d=ASKED, v=given)
    answer = await ask(ASKED, as_="ann", **given)

    assert ahead["data"]["costOf"]["points"] == 10 + figures
    assert answer["extensions"]["cost"]["requested"] == 10 + figures


async def test_operations_explain_says_the_same(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "stats.graphql"
    path.write_text(ASKED)
    actor = await actor_of_email("ann@qinghe.example")
    assert actor is not None
    given = {"Stats": {**NOVEMBER, "groupBy": ["PRODUCT"]}}
    (found,) = await explain(runtime, operations_of(path), actor, given)

    assert found.cost == 10 + 31 * 5


async def test_literals_count_as_variables_do(ask: Ask) -> None:
    begin, end = NOVEMBER.values()
    text = f'{{usageStats(period:DAY from:"{begin}" until:"{end}" groupBy:[PRODUCT]){{total}}}}'
    below = f"{{viewer{{enterprise{text}}}}}"

    assert (await ask(text, as_="ann"))["extensions"]["cost"]["requested"] == 10 + 31 * 5
    assert (await ask(below, as_="ann"))["extensions"]["cost"]["requested"] == 12 + 31 * 5


@pytest.mark.parametrize(
    "given",
    [
        {"period": "WEEK"},
        {"period": ["DAY"]},
        {"from": "yesterday", "until": "2026-12-01T00:00:00Z"},
        {"from": 7, "until": [1]},
        {"from": "2026-11-01T00:00:00", "until": "2026-12-01T00:00:00Z"},
        {"groupBy": [{}]},
    ],
)
async def test_nonsense_is_taken_to_be_500_and_refused(ask: Ask, given: dict[str, Any]) -> None:
    answer = await ask(ASKED, as_="ann", **given)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert answer["extensions"]["cost"]["requested"] == 510


async def test_a_page_of_figures_a_minute_is_affordable_and_all_of_them_ten_times_are_not(
    ask: Ask,
) -> None:
    page = {**NOVEMBER, "groupBy": ["PRODUCT"]}
    for _ in range(20):
        assert "errors" not in await ask(ASKED, as_="ann", **page)
    dear = {**NOVEMBER, "period": "HOUR", "groupBy": ["API"]}
    codes = [
        (await ask(ASKED, as_="ann", **dear))
        .get("errors", [{}])[0]
        .get("extensions", {})
        .get("code")
        for _ in range(3)
    ]
    assert codes == [None, "RATE_LIMITED", "RATE_LIMITED"]


async def test_a_bill_that_is_worked_out_anew_costs_its_statements(ask: Ask) -> None:
    for text, points in (
        ('{bill(month:"2026-11"){month}}', 21),
        ("{bills(first:2){nodes{month}}}", 22),
        ("{viewer{enterprise{bills(first:2){nodes{month}}}}}", 24),
    ):
        assert (await ask(text, as_="ann"))["extensions"]["cost"]["requested"] == points
