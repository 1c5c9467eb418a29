"""What reading a text takes that was not read before, told ahead by a look that takes far less."""

import re
from itertools import islice
from typing import Final

from api.execution.limits import Limits
from domain.kernel.buckets import Bucket

READINGS: Final = Bucket(50_000, 500)
"""A budget for texts not read before. A point is worth 30 µs of CPU: 1.5 % of a core for good.

Several hundred operations of a console fit into it at once.
"""

LEAST: Final = 40
"""Points for the shortest text: what is made anew for each, however little it says."""

CHARACTERS: Final = 250
"""Going through so many characters takes about as long as one token does."""

_TOKEN: Final = re.compile(r"\.\.\.|\w+|[^\s\w,]")
_OPERATION: Final = re.compile(r"\b(?:query|mutation|subscription)\b")


def points_of(text: str, limits: Limits) -> int:
    """What reading `text` takes at most; 0 for one so long that it is not read.

    A point for each token, once for each operation, because each is planned apart. What looks
    like a token in a comment or a string counts too.
    """
    if len(text) > limits.text:
        return 0
    tokens = sum(1 for _ in islice(_TOKEN.finditer(text), limits.tokens + 1))
    operations = min(limits.operations, max(1, len(_OPERATION.findall(text))))
    return LEAST + len(text) // CHARACTERS + operations * tokens
