"""What can go wrong with a call of a product, and at the doors: a part of `console_sdk.errors`."""

from console_sdk.families import (
    Conflict,
    Exhausted,
    Forbidden,
    InvalidInput,
    RateLimited,
    Unauthenticated,
)


class KeyExpired(Forbidden, code="KEY_EXPIRED"):
    """The key had a last moment, and it has passed."""


class AddressNotAllowed(Forbidden, code="ADDRESS_NOT_ALLOWED"):
    """The key may not be used from this address."""


class UnknownApi(Forbidden, code="UNKNOWN_API"):
    """The call names no API of the catalogue."""


class ApiNotGranted(Forbidden, code="API_NOT_GRANTED"):
    """The role of the key does not grant this API."""


class NoEntitlement(Forbidden, code="NO_ENTITLEMENT"):
    """The enterprise has no usable entitlement for this API."""


class ServiceStopped(Forbidden, code="SERVICE_STOPPED"):
    """The product's service has ended."""


class QuotaExhausted(Exhausted, code="QUOTA_EXHAUSTED"):
    """What was bought or granted is used up."""


class InArrears(Exhausted, code="ARREARS"):
    """Pay-as-you-go rests because the balance is overdrawn."""


class Throttled(RateLimited, code="THROTTLED"):
    """More calls a second than are allowed: see `retry_after`."""


class ServiceKeyUnknown(Unauthenticated, code="SERVICE_KEY_UNKNOWN"):
    """The gateway's own key is missing or wrong."""


class ServiceKeyLacksScope(Forbidden, code="SERVICE_KEY_SCOPE"):
    """The service key does not open this door."""


class ServiceKeyNameTaken(Conflict, code="SERVICE_KEY_NAME_TAKEN"):
    """There is a service key of that name."""


class TooManyCalls(InvalidInput, code="BATCH_TOO_LARGE"):
    """A batch of calls is too large."""


class UnreadableEvents(InvalidInput, code="UNREADABLE_EVENTS"):
    """The events cannot be read; none was stored."""


class UnsupportedMediaType(InvalidInput, code="UNSUPPORTED_MEDIA_TYPE"):
    """The door does not read this media type."""


class TooLarge(Exhausted, code="TOO_LARGE"):
    """The request is too large; nothing of it was stored."""


class UnreadableReport(InvalidInput, code="UNREADABLE_REPORT"):
    """A report of a leaked secret cannot be read; nothing was done."""


class GraphQLParseFailed(InvalidInput, code="GRAPHQL_PARSE_FAILED"):
    """The text is not a GraphQL document."""


class GraphQLValidationFailed(InvalidInput, code="GRAPHQL_VALIDATION_FAILED"):
    """The GraphQL document does not fit the schema."""


class QueryTooComplex(InvalidInput, code="QUERY_TOO_COMPLEX"):
    """The GraphQL query asks for too much at once."""
