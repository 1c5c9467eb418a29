"""The order of sources and the split of a quantity, for every mixture that hypothesis finds."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.entitlements.models import FUNDS_CALLS, EntitlementKind
from domain.usage.funding import Line, Need, Source, fund, in_order
from domain.usage.models import FundedBy
from tests.cast import NOW
from tests.usage.build import NOVEMBER

BOUNDLESS = (EntitlementKind.QPS, EntitlementKind.POSTPAID)
DAYS = st.integers(-20, 20).map(lambda days: NOW + timedelta(days=days))
SOURCES = st.lists(
    st.builds(
        Source,
        id=st.uuids().map(str),
        kind=st.sampled_from(FUNDS_CALLS),
        plan_id=st.just("pln"),
        starts_at=DAYS,
        expires_at=st.none() | DAYS,
        created_at=DAYS,
        size=st.integers(0, 50),
        used=st.integers(0, 60),
        monthly=st.booleans(),
        takes_all=st.booleans(),
        by_month=st.dictionaries(st.just("2026-11"), st.integers(0, 60)),
    ),
    max_size=8,
).map(in_order)
NEEDS = st.builds(
    Need, at=DAYS, quantity=st.integers(0, 2**53), free_only=st.booleans()
) | st.builds(Need, at=st.just(NOW), quantity=st.integers(0, 120), free_only=st.booleans())


def left_of(line: Line, at: datetime) -> int | None:
    assert line.source is not None
    return line.source.left(at)


@given(NEEDS, SOURCES)
def test_the_lines_of_a_billable_call_sum_to_its_quantity(
    need: Need, sources: list[Source]
) -> None:
    total = sum(line.quantity for line in fund(need, sources))
    assert total <= need.quantity
    if not need.free_only:
        assert total == need.quantity


@given(NEEDS, SOURCES)
def test_no_source_gives_more_than_it_has_or_outside_its_time(
    need: Need, sources: list[Source]
) -> None:
    for line in fund(need, sources):
        assert line.quantity > 0
        if line.source is not None:
            left = left_of(line, need.at)
            assert left is None or line.quantity <= left
            assert line.source.starts_at <= need.at
            assert line.source.expires_at is None or need.at < line.source.expires_at


@given(NEEDS, SOURCES)
def test_a_later_source_gives_only_when_the_earlier_ones_are_empty(
    need: Need, sources: list[Source]
) -> None:
    lines = fund(need, sources)
    drawn = [sources.index(line.source) for line in lines if line.source is not None]
    assert drawn == sorted(drawn)
    given_by = {line.source.id: line.quantity for line in lines if line.source}
    for place in range(max(drawn, default=0)):
        source = sources[place]
        if source.open_at(need.at) and not need.free_only:
            assert given_by.get(source.id, 0) == source.left(need.at)


@given(NEEDS, SOURCES)
def test_unfunded_comes_last_and_only_when_all_are_empty(need: Need, sources: list[Source]) -> None:
    lines = fund(need, sources)
    for line in lines[:-1]:
        assert line.funded_by is not FundedBy.UNFUNDED
    if lines and lines[-1].funded_by is FundedBy.UNFUNDED:
        assert not any(one.kind in BOUNDLESS and one.open_at(need.at) for one in sources)


@given(st.integers(0, 100), SOURCES)
def test_a_call_that_is_not_billed_draws_on_free_quotas_of_all_calls_alone(
    quantity: int, sources: list[Source]
) -> None:
    for line in fund(Need(at=NOW, quantity=quantity, free_only=True), sources):
        assert line.source is not None
        assert line.source.takes_all
        assert line.source.kind is EntitlementKind.FREE


@given(st.lists(NEEDS, max_size=20), SOURCES)
def test_taking_one_after_the_other_never_overdraws(
    needs: list[Need], sources: list[Source]
) -> None:
    for need in needs:
        for line in fund(need, sources):
            if line.source is not None:
                before = line.source.left(need.at)
                line.source.take(need.at, line.quantity)
                after = line.source.left(need.at)
                assert (before is None) == (after is None)
                if before is not None and after is not None:
                    assert after == before - line.quantity >= 0


def test_the_order_is_class_then_end_then_purchase_then_size() -> None:
    def source(kind: EntitlementKind, end: int | None, bought: int, size: int) -> Source:
        return Source(
            id=f"{kind}-{end}-{bought}-{size}",
            kind=kind,
            plan_id=None,
            starts_at=NOVEMBER,
            expires_at=None if end is None else NOW + timedelta(days=end),
            created_at=NOVEMBER + timedelta(days=bought),
            size=size,
        )

    kind = EntitlementKind
    ordered = [
        source(kind.QPS, 30, 0, 10),
        source(kind.FREE, None, 0, 1_000),
        source(kind.PACK, 5, 9, 900),
        source(kind.PACK, 6, 1, 900),
        source(kind.PACK, 6, 2, 100),
        source(kind.PACK, 6, 2, 200),
        source(kind.PACK, None, 0, 1),
        source(kind.SHARED_PACK, 1, 0, 1),
        source(kind.POSTPAID, None, 0, 0),
    ]
    assert in_order(reversed(ordered)) == ordered
