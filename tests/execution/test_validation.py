"""Our walk finds what graphql-core's own validation finds, in the same order."""

from typing import Any

import pytest
from graphql import DocumentNode, GraphQLError, parse, validate

from api.execution import seams
from api.execution.validation import errors_in
from api.root import schema
from tests.execution.test_attacks import QUERIES, TYPOS
from tests.execution.test_first_seen import DOCUMENTS

CORE = seams.core(schema())
MORE = {
    "a directive where none may be": "query @skip(if: true) {viewer{id}}",
    "a directive of a variable": "query($a: Int @skip(if: true)) {products(first: $a){nodes{id}}}",
    "a directive twice": "{viewer{id @skip(if: true) @skip(if: false)}}",
    "nothing below an object": "{viewer}",
    "a variable of another type": "query($a: String){products(first: $a){nodes{id}}}",
    "a variable in fragments": "query A{...F} query B($a: Int){...F} "
    "fragment F on Query{products(first: $a){nodes{id}}}",
    "a variable without use": "query($a: Int, $b: [ProductFilter!]! = {}){viewer{id}}",
    "members twice": '{products(filter: {text: "a", text: "b"}){nodes{id}}}',
    "what conflicts": "{viewer{id id: kind} products(first: 1){nodes{id}} products{nodes{id}}}",
    "what never is": "{viewer{...on Product{id}}}",
    "parts that come later": "{viewer{id ...@defer{kind}}}",
    "several roots": "subscription{accountEvents{id} x: accountEvents{id}}",
    "a long way through fragments": "{...f0}"
    + "".join(f"fragment f{i} on Query{{{'...{' * 8}...f{i + 1}{'}' * 8}}}" for i in range(25))
    + "fragment f25 on Query{__typename}",
}
TEXTS: dict[str, Any] = {
    **{f"attack: {name}": text for name, (text, _) in QUERIES.items()},
    **{f"typo: {name}": text for name, text in TYPOS.items()},
    **{f"dear: {name}": text for name, text in DOCUMENTS.items()},
    **MORE,
}


def told(errors: list[GraphQLError]) -> list[tuple[str, Any]]:
    """What a caller would hear; when it is enough, only that."""
    return [(error.message, error.locations) for error in errors[:5]]


def parsed(text: str) -> DocumentNode | None:
    try:
        return parse(text, max_lexical_tokens=1_000)
    except GraphQLError:
        return None


@pytest.mark.parametrize("name", TEXTS)
def test_a_document_has_the_same_errors(name: str) -> None:
    document = parsed(TEXTS[name])
    if document is not None:
        theirs = validate(CORE, document, max_errors=5)
        assert told(errors_in(CORE, document, 5)) == told(theirs)


def test_the_texts_are_not_all_alike() -> None:
    found = {name: parsed(text) for name, text in TEXTS.items()}
    wrong = [one for one in found.values() if one is not None and errors_in(CORE, one, 5)]
    assert len(wrong) > 40
    assert len([one for one in found.values() if one is not None]) > 80
    assert all(errors_in(CORE, found[name], 5) for name in MORE)  # type: ignore[arg-type]
