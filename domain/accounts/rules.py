"""Who may do what: the customers' scopes, and the roles that hold them."""

import json
import re
from typing import Final

from stdnum.cn import ric, uscc

from domain.accounts.errors import UsccInvalid
from domain.accounts.models import Verification
from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase, characters

SCOPES: Final[dict[str, tuple[str, str]]] = {
    "account:read": ("See the enterprise and oneself", "查看企业与本人信息"),
    "iam:read": ("See roles and sub-accounts", "查看角色与子账号"),
    "iam:write": ("Create and change roles and sub-accounts", "管理角色与子账号"),
    "key:read": ("See access keys", "查看访问密钥"),
    "key:rotate_own": ("Rotate one's own key", "轮换本人密钥"),
    "key:write": ("Create, change and delete any key of a sub-account", "管理子账号密钥"),
    "key:main": ("Create and delete main keys", "管理主账号密钥"),
    "entitlement:read": ("See what was bought and granted", "查看权益"),
    "quota:claim": ("Claim free quotas", "领取免费额度"),
    "order:read": ("See orders", "查看订单"),
    "order:create": ("Place and cancel orders", "下单与取消订单"),
    "order:pay": ("Pay orders and recharge", "支付与充值"),
    "bill:read": ("See the balance, the ledger and bills", "查看余额、流水与账单"),
    "bill:confirm": ("Confirm statements", "确认对账单"),
    "invoice:write": ("Request fapiao", "申请发票"),
    "usage:read": ("See usage", "查看用量"),
    "hook:write": ("Manage webhooks", "管理消息推送"),
    "verification:write": ("Prove who the enterprise is", "提交实名认证"),
    "account:hand_over": ("Hand the main account over", "移交主账号"),
    "audit:read": ("See the audit trail", "查看审计日志"),
}
"""Every customer scope with what it allows, in English and Chinese."""

ANONYMOUS: Final = frozenset(
    {"account:sign_up", "session:open", "password:reset", "invitation:accept"}
)
PERSON: Final = frozenset({"session:close", "account:read", "self:read", "self:write"})
MAIN: Final = frozenset(SCOPES) | PERSON
MAIN_ONLY: Final = frozenset({"key:main", "verification:write", "account:hand_over"})

_READS: Final = frozenset({"iam:read", "key:read", "entitlement:read", "order:read", "usage:read"})

PRESETS: Final[dict[str, frozenset[str]]] = {
    "管理员": (MAIN - MAIN_ONLY - PERSON) - {"order:pay", "bill:confirm", "invoice:write"},
    "财务": _READS | {"order:create", "order:pay", "bill:read", "bill:confirm", "invoice:write"},
    "开发": _READS | {"key:rotate_own", "order:create", "quota:claim", "hook:write"},
    "审计": _READS | {"bill:read", "audit:read"},
}
"""The roles that every enterprise starts with, as the permission table of the house has them."""


def role_scopes(granted: list[str]) -> frozenset[str]:
    """The scopes of a person with a role; unknown and main-only ones never count."""
    return (frozenset(granted) & frozenset(SCOPES)) - MAIN_ONLY | PERSON


def scopes_in(stored: object) -> list[str]:
    """The scope names in a stored JSON column, whichever way the driver gives it."""
    found = json.loads(stored) if isinstance(stored, str | bytes) else stored
    return [str(scope) for scope in found] if isinstance(found, list) else []


GRANT: Final = re.compile(r"^api:([a-z0-9-]{1,60})/(\*|[a-z0-9._-]{1,60})$", re.ASCII)


def check_scopes(scopes: list[str]) -> list[str]:
    """The scopes, sorted and once each; Invalid names the first that does not exist."""
    for scope in scopes:
        if scope not in SCOPES:
            shown = repr(scope[:40])
            raise Invalid(
                field="consoleScopes",
                reason=Phrase(f"there is no scope {shown}", f"没有权限 {shown}"),
            )
    return sorted(set(scopes))


def check_grants(grants: list[str]) -> list[str]:
    """API grants, sorted and once each; Invalid unless each is api:<product>/<api> or …/*."""
    for grant in grants:
        if not GRANT.match(grant):
            shown = repr(grant[:60])
            reason = Phrase(
                f"{shown} is not of the form api:<product>/<api> or api:<product>/*",
                f"{shown} 须形如 api:<产品>/<接口> 或 api:<产品>/*",
            )
            raise Invalid(field="apiGrants", reason=reason)
    return sorted(set(grants))


# -- the platform's own people -------------------------------------------------------------------

OPERATORS: Final[dict[str, frozenset[str]]] = {
    "BD": frozenset({"op.customer:read"}),
    "SALES_MANAGER": frozenset({"op.customer:read"}),
    "DIRECTOR": frozenset({"op.customer:read"}),
    "PRODUCT_MANAGER": frozenset({"op.catalog:write"}),
    "OPERATOR": frozenset(
        {
            "op.customer:read",
            "op.catalog:write",
            "op.key:lock",
            "op.order:review",
            "op.service_key:write",
            "op.verification:review",
            "op.mail:read",
            "op.second_factor:reset",
        }
    ),
    "FINANCE": frozenset({"op.customer:read", "op.ledger:credit"}),
}
"""What each kind of operator may do; nobody sees a secret."""


def operator_scopes(role: str) -> frozenset[str]:
    """The scopes of an operator's role."""
    return OPERATORS[role] | {"session:close", "self:read", "self:write"}


# -- what people type ----------------------------------------------------------------------------

PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 128
_EMAIL: Final = re.compile(r"^[^\s@\x00-\x1f\x7f]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
COMMON_PASSWORDS: Final = frozenset(
    """
    12345678 123456789 1234567890 password password1 passw0rd qwertyui qwerty123 11111111
    88888888 66666666 00000000 abc12345 abcd1234 iloveyou a1234567 1q2w3e4r woaini1314
    asdfghjk sunshine princess football baseball letmein1 welcome1 admin123 admin888
    """.split()  # noqa: SIM905  (a list to read, not one quoted word to a line)
)


def clean_email(email: str) -> str:
    """An e-mail address as it is compared and stored: trimmed, lower case; or nothing usable."""
    if _CONTROL.search(email):
        return ""
    return email.strip().lower()[:255]


def check_email(email: str) -> str:
    """The cleaned address; raises Invalid (field `email`) when it cannot be one."""
    cleaned = clean_email(email)
    if len(cleaned) > 254 or not _EMAIL.match(cleaned):
        raise Invalid(field="email", reason=Phrase("is not an e-mail address", "不是电子邮箱地址"))
    return cleaned


def check_password(password: str) -> None:
    """8 to 128 characters and not a common one; no rule of composition (NIST SP 800-63B)."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        reason = characters(PASSWORD_MAX, least=PASSWORD_MIN)
        raise Invalid(field="password", reason=reason)
    if password.lower() in COMMON_PASSWORDS:
        raise Invalid(
            field="password", reason=Phrase("is among the most common ones", "属于最常见的密码")
        )
    if _CONTROL.search(password):
        raise Invalid(
            field="password", reason=Phrase("must not hold control characters", "不得含有控制字符")
        )


def check_name(name: str, *, field: str = "name", most: int = 60) -> str:
    """A trimmed name of 1 to `most` characters without control characters, or Invalid."""
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= most or _CONTROL.search(cleaned):
        raise Invalid(field=field, reason=characters(most, printable=True))
    return cleaned


def check_uscc(text: str) -> str:
    """The code, upper case and trimmed; UsccInvalid unless form and check character are right.

    Source: GB 32100-2015. A right check proves the form only, not who holds the code.
    """
    cleaned = text.strip().upper()
    if not cleaned.isascii() or len(cleaned) != 18 or not uscc.is_valid(cleaned):
        raise UsccInvalid(uscc=cleaned[:40])
    return cleaned


def check_person_id(text: str) -> str:
    """A resident identity number (GB 11643-1999), trimmed; Invalid (field `personId`) otherwise."""
    cleaned = text.strip().upper()
    if not cleaned.isascii() or not ric.is_valid(cleaned):
        raise Invalid(
            field="personId",
            reason=Phrase("is not a resident identity number", "不是居民身份证号码"),
        )
    return cleaned


MOVES: Final[dict[Verification, frozenset[Verification]]] = {
    Verification.UNVERIFIED: frozenset({Verification.CHECKING}),
    Verification.REJECTED: frozenset({Verification.CHECKING}),
    Verification.REVOKED: frozenset({Verification.CHECKING}),
    Verification.CHECKING: frozenset(
        {
            Verification.TRANSFER_PENDING,
            Verification.FACE_PENDING,
            Verification.MANUAL_REVIEW,
            Verification.REJECTED,
        }
    ),
    Verification.TRANSFER_PENDING: frozenset({Verification.VERIFIED, Verification.REJECTED}),
    Verification.FACE_PENDING: frozenset({Verification.VERIFIED, Verification.REJECTED}),
    Verification.MANUAL_REVIEW: frozenset({Verification.VERIFIED, Verification.REJECTED}),
    Verification.VERIFIED: frozenset({Verification.CHANGE_REVIEW, Verification.REVOKED}),
    Verification.CHANGE_REVIEW: frozenset({Verification.VERIFIED, Verification.REVOKED}),
}
"""The transitions of an enterprise's verification."""
