"""Money is exact, and importing the library is quick."""

import subprocess
import sys
from decimal import Decimal

import pytest

from console_sdk import Money
from console_sdk.values import yuan


def test_money_is_exact() -> None:
    money = Money.of("1280.50") + Money.of("0.10") - Money.of(1)

    assert (money.value, money.amount, money.fen) == (Decimal("1279.60"), "1279.60", 127960)
    assert str(money) == "1,279.60 CNY"
    assert Money.of("1.00") < Money.of("1.01")


@pytest.mark.parametrize("amount", [1.5, True, None])
def test_money_is_no_float(amount: object) -> None:
    with pytest.raises(TypeError):
        Money.of(amount)  # type: ignore[arg-type]


def test_money_has_two_decimals_and_one_currency() -> None:
    with pytest.raises(ValueError, match="two decimals"):
        Money.of("0.001")
    with pytest.raises(ValueError, match="do not mix"):
        Money.of("1") + Money.of("1", "USD")
    with pytest.raises(ValueError, match="not CNY"):
        yuan(Money.of("1", "USD"))


def imported(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_importing_it_brings_no_client_before_one_is_made() -> None:
    """An import of httpx2 or asyncio takes as long as all the rest of the library."""
    assert {"httpx2", "asyncio", "cryptography"} & imported(
        "from console_sdk import Console"
    ) == set()


def test_rating_alone_brings_nothing_else() -> None:
    ours = {name for name in imported("import console_sdk.rating") if "console_sdk" in name}

    assert ours == {"console_sdk", "console_sdk.rating"}


def test_offers_what_it_names() -> None:
    import console_sdk

    for name in console_sdk.__all__:
        assert getattr(console_sdk, name).__module__.startswith("console_sdk.")
    with pytest.raises(AttributeError, match="Konsole"):
        console_sdk.Konsole  # noqa: B018
