"""What makes the lists of verification longer."""

from typing import Final

from domain.accounts.models import SandboxBankLine
from domain.accounts.models import VerificationCase as Case
from tests.cast import NOW
from tests.seeds import Seed, copied, made

_bank_lines = made(
    SandboxBankLine,
    lambda cast: {
        "enterprise_id": cast.enterprises["E1"],
        "amount_fen": 1,
        "memo": "x",
        "at": NOW,
    },
)

SEEDS: Final = {
    "Query.sandboxBankStatement": Seed(_bank_lines, many=20),
    "Query.verificationReviews": Seed(copied(Case), "op-tan"),
}
