"""Sizes and manners of the code: a file of at most 300 lines, a function of at most 50."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = sorted(
    path
    for root in ("api", "domain", "console_sdk")
    for path in Path(root).rglob("*.py")
    if "migrations" not in path.parts
)
FILE_MAX = 300
FUNCTION_MAX = 50


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which may be as long as it needs."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_is_small_and_says_what_it_is(path: Path) -> None:
    """Move code to its right room when this fails; do not add a layer."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)

    assert text.count("\n") <= FILE_MAX
    assert ast.get_docstring(tree)
    assert [
        f"{node.name}: {_length(node)}" for node in _functions(tree) if _length(node) > FUNCTION_MAX
    ] == []


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_asks_nobody_for_the_time(path: Path) -> None:
    """Take `ctx.now`: only the kernel's clock reads the machine's (the SDK has its own)."""
    if path.name == "context.py" or path.parts[0] == "console_sdk":
        return
    asked = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date"}
    ]
    assert asked == []


@pytest.mark.parametrize(
    "path", sorted(p for p in Path("domain").glob("*/models.py")), ids=lambda p: p.parent.name
)
def test_a_model_docstring_has_no_semicolon(path: Path) -> None:
    """Tortoise makes it a table comment and splits SQL at the semicolon."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]

    assert [node.name for node in classes if ";" in (ast.get_docstring(node) or "")] == []
