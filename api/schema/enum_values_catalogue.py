"""What each value of the enums of products, plans and prices means."""

from collections.abc import Mapping
from typing import Final

CATALOGUE_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "ConsumesOn": {
        "ALL_CALLS": "Every call uses up the quota.",
        "BILLABLE_ONLY": "Only calls whose result is billed use it up.",
    },
    "DeliveryKind": {
        "API": "Called over the network.",
        "CAPTURE_SDK": "A library that captures what an API then examines.",
        "OFFLINE_SDK": "A library that works without the network.",
        "BUNDLED_SDK": "A library that comes together with an API.",
        "PRIVATE_DEPLOYMENT": "An installation on the customer's own machines.",
        "SOLUTION_CONSOLE": "A solution with a console of its own.",
        "CLOUD_RESOURCE": "A resource in the cloud, such as an instance.",
    },
    "Metering": {
        "NONE": "Nothing is counted.",
        "CALL": "Calls.",
        "DURATION": "Time of use.",
        "CALL_AND_DURATION": "Calls and time of use, each with a price of its own.",
        "INSTANCE": "Instances.",
        "SEAT": "People who may use it.",
        "DEVICE": "Devices.",
        "TERM": "Time for which it may be used.",
        "QPS": "Calls a second.",
        "POINT": "Points, of which one call may use several.",
    },
    "PaymentMode": {
        "FREE": "It costs nothing.",
        "PREPAID": "Before it is used.",
        "POSTPAID": "With the bill, after it was used.",
    },
    "ProductCategory": {
        "INTERNAL_MANAGEMENT": "For running a firm on the inside.",
        "BUSINESS_MANAGEMENT": "For running its business with others.",
        "TECH_CAPABILITY": "A technical capability, such as recognising a document.",
        "IT_INFRASTRUCTURE": "Machines, storage and network.",
        "DATA_SERVICE": "Data, and answers from data.",
    },
    "ProductPhase": {
        "CAPABILITY_BUILDING": "What it will rest on is being built.",
        "SOLUTION_OUTPUT": "It is being worked out as a solution.",
        "MVP_DELIVERY": "Its first usable version is being delivered.",
        "GROWTH": "More and more customers use it.",
        "ITERATION": "It is being improved step by step.",
        "RETIREMENT": "It is on its way out.",
    },
    "QuotaReset": {
        "ONCE": "It is granted once.",
        "MONTHLY": "It is granted anew each month.",
    },
    "RefundPolicy": {
        "NONE": "Nothing is paid back.",
        "UNUSED_7D_FULL": "All is paid back within seven days, if nothing was used.",
        "PRO_RATA": "The unused part is paid back.",
        "NOT_ACTIVATED": "All is paid back until it is activated.",
        "BEFORE_START": "All is paid back until its time begins.",
        "CONTRACT": "As the contract says.",
    },
    "SaleStatus": {
        "DRAFT": "It is being prepared.",
        "IN_REVIEW": "It waits for leave to be listed.",
        "LISTED": "It can be bought.",
        "DELISTED": "It is taken out of the catalogue for a while.",
        "SALES_STOPPED": "It can be renewed, and no longer bought.",
        "RENEWAL_STOPPED": "It can be used, and no longer renewed.",
        "SERVICE_STOPPED": "It can no longer be used.",
        "ARCHIVED": "It is kept for the record only.",
    },
    "Settlement": {
        "NONE": "Never: there is nothing to settle.",
        "ON_ORDER": "With each order.",
        "HOURLY": "Each hour.",
        "DAILY": "Each day.",
        "MONTHLY": "Each month.",
    },
    "TierMode": {
        "NONE": "One price for every unit.",
        "GRADUATED": "Over a month, each unit at the price of the tier that it falls into.",
        "REACHED": "Over a month, all units at the price of the tier that was reached.",
        "ORDER_BRACKET": "Within one order, all units at the price of the tier that was reached.",
        "ORDER_GRADUATED": "Within one order, each unit at the price of its own tier.",
    },
}
