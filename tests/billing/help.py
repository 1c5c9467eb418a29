"""A month of use, and what is asked of its bill."""

from datetime import UTC, datetime

from domain.entitlements.models import EntitlementKind
from domain.kernel.reading import wanting
from tests.cast import Cast
from tests.usage.build import a_key, a_right, call, report

LINES = wanting(
    "quantity", "funded", "steps", "rated", "charged", "rounding_off", "kind", "plan_code"
)
WHOLE = wanting("rated", "charged", "rounding_off", "status", "month", lines=LINES)
DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


async def used(cast: Cast, quantity: int, product: str = "id-ocr", api: str = "ocr.idcard") -> str:
    """E2 has used so much postpaid in November; its key."""
    owner = cast.enterprises["E2"]
    await a_right(owner, EntitlementKind.POSTPAID, product=product)
    key = await a_key(owner)
    await report(cast, [call(key, api=api, quantity=quantity)])
    return key
