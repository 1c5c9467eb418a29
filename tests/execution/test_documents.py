"""Texts are read once, and no stream of bad texts pushes out a good one."""

from api.execution.documents import Documents, Operation, Shelf
from api.execution.limits import Limits
from tests.execution import toy


def documents(**settings: int) -> Documents:
    """An empty memory for the toy."""
    return Documents(toy.core(), Limits(), **settings)


async def test_a_text_is_read_once() -> None:
    memory = documents()
    first = memory.get("{hello}")
    assert memory.get("{hello}") is first
    assert first.faults == ()
    assert memory.get("{hello }") is not first


async def test_refused_texts_are_remembered_apart() -> None:
    memory = documents(entries=8)
    good = memory.get("{hello}")
    refused = [memory.get(f"{{wrong{i}}}") for i in range(50)] + [memory.get("{") for _ in range(2)]
    assert memory.get("{hello}") is good
    assert len(memory.refused) <= 2
    assert all(one.ast is None and one.faults for one in refused)
    assert refused[-1] is refused[-2]


async def test_entries_and_characters_are_bounded() -> None:
    memory = documents(entries=3, characters=60)
    texts = [f"{{a{i}:hello}}" for i in range(5)]
    for text in texts:
        memory.get(text)
    assert len(memory.good) == 3
    assert memory.good.held == sum(map(len, texts[-3:]))
    memory.get("{hello}" + " " * 50)
    assert memory.good.held <= 60
    assert len(memory.good) == 1


async def test_a_text_beyond_the_limit_is_not_kept() -> None:
    memory = documents()
    assert memory.get(" " * 20_001).faults[0]["extensions"]["limit"] == "text"
    assert (len(memory.good), len(memory.refused)) == (0, 0)


async def test_the_shelf_forgets_the_longest_unused() -> None:
    shelf: Shelf[str, int] = Shelf(entries=2, weight=10)
    shelf.put("a", 1, 3)
    shelf.put("b", 2, 3)
    assert shelf.get("a") == 1
    shelf.put("c", 3, 3)
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c")) == (1, None, 3)
    shelf.put("a", 4, 5)
    assert (shelf.get("a"), shelf.held) == (4, 8)
    shelf.put("huge", 5, 11)
    assert shelf.get("huge") is None
    assert len(shelf) == 2


async def test_an_operation_is_chosen_by_name() -> None:
    document = documents().get('query A{hello} mutation B{add(name:"x")} subscription C{ticks}')
    chosen = [document.select(name) for name in ("A", "B", "C")]
    kinds = [one.kind for one in chosen if isinstance(one, Operation)]
    assert kinds == ["query", "mutation", "subscription"]
    assert document.select("A") is chosen[0]
    for name in (None, "D", ""):
        found = document.select(name)
        assert isinstance(found, dict)
        assert found["extensions"]["code"] == "BAD_USER_INPUT"
    assert isinstance(documents().get("{hello}").select(None), Operation)
    assert isinstance(documents().get("{hello}").select("A"), dict)


async def test_at_most_five_faults_are_kept() -> None:
    found = documents().get("{" + "".join(f"wrong{i} " for i in range(20)) + "}")
    assert len(found.faults) == 5
