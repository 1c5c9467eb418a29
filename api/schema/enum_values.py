"""What each value of each enum means; a value without a line here stops the start."""

from collections.abc import Mapping
from typing import Final

from graphql import GraphQLEnumType, GraphQLSchema

from api.schema.enum_values_catalogue import CATALOGUE_VALUES

VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    **CATALOGUE_VALUES,
    "AccessAction": {
        "CALL_KNOWN_API": "Call an API that the catalogue holds.",
        "CHOOSE_SUCCESSOR": "Move to the product that follows this one.",
        "ASK_PLATFORM": "Ask the platform's people: only they can change it.",
        "GET_ENTITLEMENT": "Claim or order a right to the product.",
        "ADD_QUOTA": "Order more units: what there was is used up.",
        "RECHARGE": "Recharge the balance.",
        "ADD_GRANT": "Grant the API to the role.",
        "REMOVE_GRANT": "Take the grant from the role.",
        "ENABLE_SUB_ACCOUNT": "Enable the sub-account.",
        "REPLACE_SUB_ACCOUNT": "Make another sub-account, with its key: this one is gone.",
        "ENABLE_KEY": "Enable the key.",
        "DISABLE_KEY": "Disable the key.",
        "REPLACE_KEY": "Make a new key: this one is gone.",
        "MOVE_EXPIRY": "Move the key's expiry to a later moment, or take it away.",
        "ALLOW_ADDRESS": "Add the caller's address to those that the key may be used from.",
    },
    "AccessKeyOrder": {
        "NEWEST": "The key made last comes first.",
        "OLDEST": "The key made first comes first.",
        "EXPIRY": "The next to expire comes first, those that never do last.",
        "LEAST_RECENTLY_USED": "Those never used come first, then by their last use.",
    },
    "AccessKeyStatus": {
        "ACTIVE": "It works.",
        "DISABLED": "Its owner put it out of use; it can be enabled again.",
        "LOCKED": "The platform put it out of use, as after a leak; only the platform releases it.",
        "DELETED": "It is gone for good.",
    },
    "AccountEventKind": {
        "ACCESS_KEY": "An access key was made, changed, rotated, locked or deleted.",
        "ROLE": "A role was made, changed or deleted.",
        "SUB_ACCOUNT": "A sub-account joined, changed, was disabled, enabled or deleted.",
        "ORDER": "An order was placed, or reached another status.",
        "BALANCE": "Money came in or went out, or the credit limit changed.",
    },
    "AccessKeyWarning": {
        "EXPIRED": "Its expiry has passed.",
        "EXPIRING": "It expires soon.",
        "ROTATION_DUE": "Its secret is old and should be rotated.",
        "UNUSED": "It has not been used for a long time.",
    },
    "AccessPart": {
        "CATALOGUE": "The API and its product.",
        "ENTERPRISE": "The enterprise: whether it works, and what it is entitled to.",
        "ROLE": "The role of the key's owner, with its grants.",
        "SUB_ACCOUNT": "The sub-account whose key it is.",
        "KEY": "The key: its status, expiry and addresses.",
        "SECRET": "The secret of the key.",
    },
    "ActorKind": {
        "ANONYMOUS": "Nobody is logged in.",
        "MAIN": "The main account of an enterprise.",
        "MEMBER": "A member of an enterprise.",
        "KEY": "A program with an access key.",
        "OPERATOR": "One of the platform's own people.",
        "SERVICE": "A gateway or a product's back end, with a service key.",
        "SYSTEM": "The platform itself.",
    },
    "BillLineKind": {
        "USAGE": "Calls of an API.",
        "ORDER": "An order that was paid.",
    },
    "BillStatus": {
        "PROVISIONAL": "The month still runs; every figure may change.",
        "CLOSED": "The month is over; nothing changes any more.",
    },
    "EnterpriseKind": {
        "ENTERPRISE": "A firm.",
        "PERSONAL": "A person.",
    },
    "EntitlementKind": {
        "FREE": "A free quota of calls.",
        "PACK": "A number of units paid in advance, for one API or product.",
        "SHARED_PACK": "A number of units paid in advance, shared by several APIs.",
        "QPS": "Calls a second on top of the base.",
        "POSTPAID": "Pay as you go: counted now, paid with the bill.",
        "SEAT": "A number of people who may use it.",
        "INSTANCE": "A number of instances.",
        "DEVICE": "A number of devices.",
        "DEPLOYMENT": "An installation on the customer's own machines.",
        "TERM": "The use of a product for a time.",
    },
    "EntitlementStatus": {
        "PENDING": "It is not usable yet.",
        "ACTIVE": "It can be used.",
        "SUSPENDED": "It is held up, and may become usable again.",
        "EXHAUSTED": "All of it is used.",
        "EXPIRED": "Its time is over.",
        "TERMINATED": "It was ended before its time.",
    },
    "Freshness": {
        "REALTIME": "The month still runs; the figures may grow.",
        "FINAL": "The month is closed; the figures stay.",
    },
    "FundedBy": {
        "QPS": "Bought calls a second.",
        "FREE": "A free quota.",
        "PACK": "A prepaid pack.",
        "SHARED_PACK": "A prepaid pack that several APIs share.",
        "POSTPAID": "The bill of the month.",
        "UNFUNDED": "Nothing: there was nothing left to pay it from.",
    },
    "InvitationStatus": {
        "OPEN": "It can be accepted.",
        "ACCEPTED": "The member has come.",
        "EXPIRED": "Its time is over.",
        "WITHDRAWN": "It was taken back.",
    },
    "LedgerAccount": {
        "CASH": "What the enterprise has paid in advance.",
        "RECEIVABLE": "What the enterprise owes.",
        "BANK": "What came in from outside.",
        "REVENUE": "What the platform has earned.",
        "ADJUSTMENT": "What the platform's people credited or corrected.",
    },
    "OfferStatus": {
        "OPEN": "It can be accepted.",
        "ACCEPTED": "The main account has changed hands.",
        "EXPIRED": "Its time is over.",
        "WITHDRAWN": "It was taken back, or replaced by a later one.",
    },
    "OrderStatus": {
        "PENDING_REVIEW": "The platform's people look at it first.",
        "REJECTED": "The platform's people turned it down.",
        "PENDING_PAYMENT": "It waits to be paid.",
        "PAYING": "A payment is under way.",
        "PAID": "It is paid.",
        "PROVISIONING": "What it holds is being set up.",
        "PROVISION_FAILED": "What it holds could not be set up.",
        "PROVISIONED": "What it holds can be used.",
        "CANCELLED": "It was called off before it was paid.",
        "EXPIRED": "It was not paid in time.",
        "REFUNDING": "A refund is under way.",
        "REFUNDED": "All of it was paid back.",
        "PARTIALLY_REFUNDED": "A part of it was paid back.",
    },
    "OrderType": {
        "NEW": "For something new.",
        "RENEW": "For more time of something there.",
        "UPGRADE": "For more of something there.",
        "TRIAL": "To try before buying.",
        "CONVERT": "To go on after a trial.",
        "REFUND": "To give something back.",
    },
    "RechargeStatus": {
        "PENDING": "The provider has not said yet what became of it.",
        "PAID": "The money is on the account.",
        "FAILED": "No money came.",
    },
    "ResetOutcome": {
        "DONE": "The second factor was taken away.",
        "SHOWN": "Its owner showed the second factor, or a recovery code, in time.",
        "WITHDRAWN": "An operator took it back.",
    },
    "SecretStatus": {
        "CURRENT": "The newest one; it works.",
        "RETIRING": "An older one that still works beside the new one.",
        "RETIRED": "It no longer works.",
    },
    "SubAccountKind": {
        "MEMBER": "A person, who logs in.",
        "APP": "An application, which has a key only.",
    },
    "SubAccountStatus": {
        "ACTIVE": "It works.",
        "DISABLED": "It does not work, and neither does its key.",
    },
    "TokenAudience": {
        "API": "The products' APIs, through the gateways.",
        "CONSOLE": "This API.",
    },
    "UsageGroup": {
        "PRODUCT": "By product.",
        "API": "By API.",
        "SUB_ACCOUNT": "By sub-account.",
        "KEY": "By access key.",
    },
    "UsagePeriod": {
        "HOUR": "One hour.",
        "DAY": "One day, from midnight in Shanghai.",
        "MONTH": "One calendar month by Shanghai time.",
    },
    "VerificationStatus": {
        "UNVERIFIED": "Nothing was submitted yet.",
        "CHECKING": "The registry is being asked.",
        "TRANSFER_PENDING": "A small amount was transferred, and is to be named.",
        "FACE_PENDING": "The person's face is to be shown.",
        "MANUAL_REVIEW": "One of the platform's people looks at it.",
        "VERIFIED": "It is proven.",
        "REJECTED": "It could not be proven.",
        "CHANGE_REVIEW": "It is proven; a change waits to be looked at.",
        "REVOKED": "The proof was taken back.",
    },
}


class UndescribedValue(TypeError):
    """A value of an enum has no line in VALUES, or a line has no value."""


def describe(schema: GraphQLSchema) -> None:
    """Give every enum value its description. Raises UndescribedValue when one has none."""
    for name, type_ in schema.type_map.items():
        if not isinstance(type_, GraphQLEnumType) or name.startswith("__"):
            continue
        texts = VALUES.get(name, {})
        odd = texts.keys() ^ type_.values.keys()
        if odd:
            raise UndescribedValue(f"{name}: {', '.join(sorted(odd))}; see api/schema/enum_values")
        for value, found in type_.values.items():
            found.description = texts[value]
