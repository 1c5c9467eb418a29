"""What can go wrong with a call, as exception classes: one per code, under one per family.

`except InsufficientBalance as refused: print(refused.remedy)`. A code that this version does not
know yet arrives as its family, so that handlers of families keep working.
"""

from datetime import datetime

from console_sdk.call_errors import *  # noqa: F403  (the last part of this page)
from console_sdk.families import (
    BY_CODE as BY_CODE,
)
from console_sdk.families import (
    Conflict as Conflict,
)
from console_sdk.families import (
    ConsoleError as ConsoleError,
)
from console_sdk.families import (
    Exhausted as Exhausted,
)
from console_sdk.families import (
    Forbidden as Forbidden,
)
from console_sdk.families import (
    InvalidInput as InvalidInput,
)
from console_sdk.families import (
    NotFound as NotFound,
)
from console_sdk.families import (
    RateLimited as RateLimited,
)
from console_sdk.families import (
    Refused as Refused,
)
from console_sdk.families import (
    ServerFailed as ServerFailed,
)
from console_sdk.families import (
    TransportFailed as TransportFailed,
)
from console_sdk.families import (
    Unauthenticated as Unauthenticated,
)
from console_sdk.families import (
    WaitedTooLong as WaitedTooLong,
)
from console_sdk.values import Money, money_of


class ForbiddenScope(Forbidden, code="FORBIDDEN_SCOPE"):
    """It needs a scope that you do not hold: see `scope`."""


class OperationNotAllowed(Forbidden, code="OPERATION_NOT_ALLOWED"):
    """Your role or key is limited to other operations of registered documents."""


class DocumentNotTrusted(Forbidden, code="DOCUMENT_NOT_TRUSTED"):
    """Only registered documents may be run here; register those of the SDK."""


class PersistedQueryNotFound(NotFound, code="PERSISTED_QUERY_NOT_FOUND"):
    """No document is registered under this id."""


class PersistedQueryNotSupported(Forbidden, code="PERSISTED_QUERY_NOT_SUPPORTED"):
    """The server keeps no queries by their hash."""


class DocumentIdTaken(Conflict, code="DOCUMENT_ID_TAKEN"):
    """A manifest names another text by an id that is registered."""


class SecondFactorRequired(Forbidden, code="SECOND_FACTOR_REQUIRED"):
    """Confirm a code of your second factor first: `accounts.confirm_second_factor`."""


class PersonRequired(Forbidden, code="PERSON_REQUIRED"):
    """A person must do this: a key has no second factor to show."""


class WrongCode(InvalidInput, code="WRONG_CODE"):
    """The code is wrong, or was used before."""


class NoSecondFactor(Conflict, code="NO_SECOND_FACTOR"):
    """You have not enrolled a second factor."""


class ResetUnderway(Conflict, code="RESET_UNDERWAY"):
    """A reset of this second factor is under way."""


class OwnSecondFactor(Forbidden, code="OWN_SECOND_FACTOR"):
    """Nobody resets a second factor of their own."""


class ResetCodeInvalid(InvalidInput, code="RESET_CODE_INVALID"):
    """The code that resets a password is unknown, used or expired."""


class InvitationClosed(Conflict, code="INVITATION_CLOSED"):
    """The invitation was accepted, withdrawn, or has expired."""


class OfferClosed(Conflict, code="OFFER_CLOSED"):
    """The offer of the main account was accepted, withdrawn or replaced, or has expired."""


class WrongCredentials(Unauthenticated, code="WRONG_CREDENTIALS"):
    """The e-mail or the password is wrong."""


class UnverifiedEnterprise(Forbidden, code="UNVERIFIED_ENTERPRISE"):
    """Only a verified enterprise may do this: see `verification`."""

    @property
    def verification(self) -> str:
        """How far the verification has come."""
        return str(self.facts.get("verification", ""))


class UsccInvalid(InvalidInput, code="USCC_INVALID"):
    """That is no unified social credit code."""


class UsccTaken(Conflict, code="USCC_TAKEN"):
    """Another enterprise has proven to be this firm."""


class NameTaken(Conflict, code="NAME_TAKEN"):
    """The name is in use."""


class LimitReached(Exhausted, code="LIMIT_REACHED"):
    """There are as many as there may be."""


class RoleInUse(Conflict, code="ROLE_IN_USE"):
    """Sub-accounts have the role: see `holders`."""

    @property
    def holders(self) -> tuple[str, ...]:
        """The names of those who have it."""
        return tuple(str(one["name"]) for one in self.facts.get("holders", ()))


class EventForgotten(Conflict, code="EVENT_FORGOTTEN"):
    """The event is not kept any more: read the present state, then listen without `after`."""


class IllegalTransition(Conflict, code="ILLEGAL_TRANSITION"):
    """The status cannot become that from what it is."""


class IdempotencyKeyReused(Conflict, code="IDEMPOTENCY_KEY_REUSED"):
    """The idempotency key was used before, with another input."""


# -- buying ----------------------------------------------------------------------------------------


class InsufficientBalance(Exhausted, code="INSUFFICIENT_BALANCE"):
    """The balance does not cover the amount; nothing was taken."""

    @property
    def required(self) -> Money:
        """What was to be paid."""
        return money_of(self.facts["required"])

    @property
    def available(self) -> Money:
        """What could be paid with."""
        return money_of(self.facts["available"])


class FreeQuotaClaimed(Conflict, code="FREE_QUOTA_CLAIMED"):
    """The free quota was granted to this subject before."""


class AlreadyEnabled(Conflict, code="ALREADY_ENABLED"):
    """Pay-as-you-go of the product is on."""


class NotOnSale(Conflict, code="NOT_ON_SALE"):
    """The product cannot be ordered now."""


class PlanLimitReached(Exhausted, code="PLAN_LIMIT_REACHED"):
    """The enterprise holds, or has ordered, as many of the plan as it may."""


class OrderExpired(Conflict, code="ORDER_EXPIRED"):
    """The order was not paid in time."""


class AmountAboveLimit(Conflict, code="AMOUNT_ABOVE_LIMIT"):
    """A personal account may not order for so much."""


class PeriodClosed(Conflict, code="PERIOD_CLOSED"):
    """The month is closed and never changes."""


class PeriodOpen(Conflict, code="PERIOD_OPEN"):
    """The month cannot be closed yet."""


class ShapeFixed(Conflict, code="SHAPE_FIXED"):
    """A product that was on sale keeps what it counts."""


class CodeTaken(Conflict, code="CODE_TAKEN"):
    """The code belongs to something else."""


class PlanNotReconcilable(InvalidInput, code="PLAN_NOT_RECONCILABLE"):
    """The plan meters what both sides cannot prove."""


# -- keys and tokens -------------------------------------------------------------------------------


class TooManyMainKeys(Exhausted, code="MAIN_KEYS_MAX"):
    """There is no room for one more main key."""


class SubAccountHasKey(Conflict, code="SUB_ACCOUNT_HAS_KEY"):
    """The sub-account has a key: see `key`."""

    @property
    def key(self) -> str:
        """The id of the key that it has."""
        return str(self.facts.get("key", ""))


class RotationUnderway(Conflict, code="ROTATION_UNDERWAY"):
    """Two secrets of the key work already: see `until`."""

    @property
    def until(self) -> datetime:
        """Until when the older secret works."""
        return datetime.fromisoformat(self.facts["until"])


class WrongSecret(Unauthenticated, code="INVALID_CLIENT"):
    """The key is unknown, or its secret is wrong."""


class SecretRetired(Unauthenticated, code="SECRET_RETIRED"):
    """The secret was replaced, and its overlap has ended."""


class TokenInvalid(Unauthenticated, code="TOKEN_INVALID"):
    """The token is damaged, foreign, or meant for another door."""


class TokenExpired(Unauthenticated, code="TOKEN_EXPIRED"):
    """The token's time is over."""


class TokenRevoked(Unauthenticated, code="TOKEN_REVOKED"):
    """The token was ended before its time."""


class KeyDisabled(Forbidden, code="KEY_DISABLED"):
    """The key is disabled or deleted."""


class KeyLocked(Forbidden, code="KEY_LOCKED"):
    """The platform locked the key."""


class SubAccountDisabled(Forbidden, code="SUB_ACCOUNT_DISABLED"):
    """The sub-account of the key is disabled."""


class EnterpriseDisabled(Forbidden, code="ENTERPRISE_DISABLED"):
    """The enterprise is disabled or closed."""
