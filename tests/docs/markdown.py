"""What the tests of the documentation read: pages, their fenced blocks, and a small curl."""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests import plain_http
from tests.servers import ROOT

ADDRESS = "http://127.0.0.1:8000"
"""Where every example says that the server is."""

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FLAGS = {"-s", "-i", "-S"}
_LEFT_OUT = {"node_modules", "build", "dist", "var"}


@dataclass(frozen=True)
class Block:
    """A fenced block and where it stands."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        """The first word behind the fence."""
        return self.info.split()[0] if self.info else ""

    @property
    def runnable(self) -> bool:
        """Whether the block is marked to be executed."""
        return "test" in self.info.split()[1:]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every Markdown page of the repository, relative to its root."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") or part in _LEFT_OUT for part in path.parts)
    )


def text(page: Path) -> str:
    """A page as it lies in the repository."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    whole = text(page)
    return [
        Block(page, whole.count("\n", 0, found.start()) + 1, found[1].strip(), found[2])
        for found in _FENCE.finditer(whole)
    ]


def all_blocks() -> list[Block]:
    """The fenced blocks of all pages."""
    return [block for page in pages() for block in blocks(page)]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text(page))


def commands(block: Block) -> Iterator[list[str]]:
    """The commands of a shell block as words; comments and assignments before them are left out."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        if words:
            yield words


def curl(words: list[str], known: Mapping[str, str], url: str) -> httpx2.Response:
    """Do what a curl command says, as far as our pages use it: -s -i -u -d -H -X and an address."""
    filled = [string.Template(word).substitute(known) for word in words[1:]]
    headers: list[tuple[str, str]] = []
    method, target, data, login = "", "", None, None
    rest = iter(filled)
    for word in rest:
        if word == "-u":
            name, _, secret = next(rest).partition(":")
            login = (name, secret)
        elif word == "-H":
            name, _, value = next(rest).partition(":")
            headers.append((name, value.strip()))
        elif word == "-d":
            data = next(rest)
        elif word == "-X":
            method = next(rest)
        elif word.startswith(ADDRESS):
            target = url + word.removeprefix(ADDRESS)
        elif word not in _FLAGS:
            raise ValueError(f"the tests do not know curl's {word}")
    if data is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    method = method or ("GET" if data is None else "POST")
    return plain_http.request(method, target, headers=headers, content=data, auth=login, timeout=10)
