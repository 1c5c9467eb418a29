"""Money and prices as they look from outside: decimal strings, never floats."""

import strawberry


@strawberry.type(description="An amount of money.")
class Money:
    amount: str = strawberry.field(
        description='The amount in major units with two decimals, such as "128.50".'
    )
    currency: str = strawberry.field(description="The currency's ISO 4217 code, such as CNY.")
