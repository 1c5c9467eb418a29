"""Refusals of keys, secrets, tokens and calls."""

from datetime import datetime

from domain.kernel.errors import Conflict, Exhausted, Forbidden, RateLimited, Unauthenticated

# -- making and changing keys --------------------------------------------------------------------


class TooManyMainKeys(Exhausted):
    """An enterprise has a small number of main keys, because each reaches everything."""

    code = "MAIN_KEYS_MAX"
    message = "There are {most} main keys already, and no more are allowed."
    message_zh = "主账号密钥已达上限 {most} 个。"
    remedy = "Disable and delete one that is not needed, or use a sub-account's key."
    remedy_zh = "请停用并删除不再使用的密钥,或改用子账号密钥。"

    def __init__(self, *, most: int) -> None:
        super().__init__(most=most)


class SubAccountHasKey(Conflict):
    """A sub-account has one key; a new secret comes by rotation, a new key after deletion."""

    code = "SUB_ACCOUNT_HAS_KEY"
    message = "The sub-account {sub_account} has the key {key} already."
    message_zh = "子账号 {sub_account} 已有密钥 {key}。"
    remedy = "Rotate that key with rotateAccessKey, or disable and delete it first."
    remedy_zh = "请用 rotateAccessKey 轮换该密钥,或先停用并删除。"

    def __init__(self, *, sub_account: str, key: str) -> None:
        super().__init__(sub_account=sub_account, key=key)


class RotationUnderway(Conflict):
    """A key has at most two secrets that work: the new one, and the old one while it overlaps."""

    code = "ROTATION_UNDERWAY"
    message = "Key {key} has two working secrets until {until:%Y-%m-%d %H:%M} UTC."
    message_zh = "密钥 {key} 在 {until:%Y-%m-%d %H:%M}(UTC)之前已有两个有效的密钥值。"
    remedy = "Wait until then; if a secret leaked, disable the key at once."
    remedy_zh = "请等待重叠期结束;如有泄露,请立即停用该密钥。"

    def __init__(self, *, key: str, until: datetime) -> None:
        super().__init__(key=key, until=until)


# -- secrets and tokens --------------------------------------------------------------------------


class WrongSecret(Unauthenticated):
    """The key is unknown or the secret is wrong; which of the two is not said."""

    code = "INVALID_CLIENT"
    message = "The key or its secret is wrong."
    message_zh = "密钥标识或密钥值错误。"
    remedy = "Check both; a lost secret is replaced with rotateAccessKey."
    remedy_zh = "请核对两者;密钥值遗失时请用 rotateAccessKey 轮换。"


class SecretRetired(Unauthenticated):
    """This secret was replaced, and its overlap has ended."""

    code = "SECRET_RETIRED"
    message = "This secret was replaced and no longer works."
    message_zh = "该密钥值已被替换并失效。"
    remedy = "Use the secret that rotateAccessKey gave, or rotate again."
    remedy_zh = "请使用轮换后的新密钥值,或再次轮换。"


class TokenInvalid(Unauthenticated):
    """The token is damaged, foreign, or meant for another door."""

    code = "TOKEN_INVALID"
    message = "The access token is not valid here."
    message_zh = "访问令牌无效。"
    remedy = "Get a token from /oauth/token and send it unchanged."
    remedy_zh = "请从 /oauth/token 获取令牌并原样发送。"


class TokenExpired(Unauthenticated):
    """A token works until the moment in its `exp`, with a minute for clocks that differ."""

    code = "TOKEN_EXPIRED"
    message = "The access token has expired."
    message_zh = "访问令牌已过期。"
    remedy = "Get a new token from /oauth/token."
    remedy_zh = "请从 /oauth/token 重新获取令牌。"


class TokenRevoked(Unauthenticated):
    """The token was revoked before its time."""

    code = "TOKEN_REVOKED"
    message = "The access token was revoked."
    message_zh = "访问令牌已被吊销。"
    remedy = "Get a new token from /oauth/token."
    remedy_zh = "请从 /oauth/token 重新获取令牌。"


# -- keys that rest ------------------------------------------------------------------------------


class KeyDisabled(Forbidden):
    """The key is disabled or deleted, and its tokens with it."""

    code = "KEY_DISABLED"
    message = "Key {key} is disabled."
    message_zh = "密钥 {key} 已停用。"
    remedy = "Enable it with setAccessKeyStatus, or use another key."
    remedy_zh = "请用 setAccessKeyStatus 启用,或使用其他密钥。"

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)


class KeyLocked(Forbidden):
    """The platform locked the key, as it does when a secret became public."""

    code = "KEY_LOCKED"
    message = "Key {key} was locked by the platform."
    message_zh = "密钥 {key} 已被平台锁定。"
    remedy = "Rotate its secret and ask support to unlock it, or delete it and make another."
    remedy_zh = "请轮换密钥值并联系客服解锁,或删除后新建。"

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)


class KeyExpired(Forbidden):
    """The key was given a last moment, and it has passed; its tokens ended with it."""

    code = "KEY_EXPIRED"
    message = "Key {key} expired at {at:%Y-%m-%d %H:%M} UTC."
    message_zh = "密钥 {key} 已于 {at:%Y-%m-%d %H:%M}(UTC)过期。"
    remedy = "Move its expiry with updateAccessKey, or use another key."
    remedy_zh = "请用 updateAccessKey 延长有效期,或使用其他密钥。"

    def __init__(self, *, key: str, at: datetime) -> None:
        super().__init__(key=key, at=at)


class AddressNotAllowed(Forbidden):
    """The key has a list of addresses from which it may be used, and the caller's is not in it."""

    code = "ADDRESS_NOT_ALLOWED"
    message = "This key may not be used from {address}."
    message_zh = "该密钥不允许从 {address} 使用。"
    remedy = "Call from an address of the key's allow-list, or add this one with updateAccessKey."
    remedy_zh = "请从白名单内的地址调用,或用 updateAccessKey 将该地址加入白名单。"

    def __init__(self, *, address: str) -> None:
        printable = "".join(one for one in address[:64] if one.isprintable())
        super().__init__(address=printable or "an unknown address")


class SubAccountDisabled(Forbidden):
    """The sub-account is disabled, and its key and tokens with it."""

    code = "SUB_ACCOUNT_DISABLED"
    message = "The sub-account of this key is disabled."
    message_zh = "该密钥所属子账号已停用。"
    remedy = "Ask the main account of your enterprise to enable it."
    remedy_zh = "请联系企业主账号启用该子账号。"


class EnterpriseDisabled(Forbidden):
    """The enterprise is disabled or closed, and everything in it."""

    code = "ENTERPRISE_DISABLED"
    message = "The enterprise of this key is disabled or closed."
    message_zh = "该密钥所属企业已停用或注销。"
    remedy = "Ask the platform's support."
    remedy_zh = "请联系平台客服。"


# -- calls ---------------------------------------------------------------------------------------


class UnknownApi(Forbidden):
    """The call names no API of the catalogue, or two different ones."""

    code = "UNKNOWN_API"
    message = "No API of the catalogue answers to this call."
    message_zh = "目录中没有与此调用对应的接口。"
    remedy = "Check method and path, or the code in X-Api, against the product's APIs."
    remedy_zh = "请对照产品接口核对请求方法与路径,或 X-Api 中的代码。"


class ApiNotGranted(Forbidden):
    """The role of the sub-account does not grant this API."""

    code = "API_NOT_GRANTED"
    message = "The role of this key does not grant {api}."
    message_zh = "该密钥的角色未授权接口 {api}。"
    remedy = "Ask the main account to add the API to the role."
    remedy_zh = "请联系主账号在角色中加入该接口。"

    def __init__(self, *, api: str) -> None:
        super().__init__(api=api)


class NoEntitlement(Forbidden):
    """The enterprise has no usable entitlement for the product of this API."""

    code = "NO_ENTITLEMENT"
    message = "The enterprise has no entitlement for {api} (product {product})."
    message_zh = "企业没有 {api}(产品 {product})的可用权益。"
    remedy = "Claim the free quota or order a plan of {product}."
    remedy_zh = "请领取 {product} 的免费额度或购买套餐。"

    def __init__(self, *, api: str, product: str) -> None:
        super().__init__(api=api, product=product)


class ServiceStopped(Forbidden):
    """The product's service has ended."""

    code = "SERVICE_STOPPED"
    message = "The service of {product} has ended."
    message_zh = "产品 {product} 已停止服务。"
    remedy = "Read the product's announcement, and choose its successor."
    remedy_zh = "请查看产品公告并选择替代产品。"

    def __init__(self, *, product: str) -> None:
        super().__init__(product=product)


class QuotaExhausted(Exhausted):
    """What was bought or granted is used up, and pay-as-you-go is off."""

    code = "QUOTA_EXHAUSTED"
    message = "All quotas and packs for {product} are used up."
    message_zh = "{product} 的额度与资源包均已用完。"
    remedy = "Order a pack or enable pay-as-you-go of {product}."
    remedy_zh = "请购买 {product} 的资源包或开通按量付费。"

    def __init__(self, *, product: str) -> None:
        super().__init__(product=product)


class InArrears(Exhausted):
    """The balance is overdrawn and the grace has ended: pay-as-you-go rests."""

    code = "ARREARS"
    message = "Pay-as-you-go of {product} is suspended because of arrears."
    message_zh = "{product} 的按量付费因欠费已暂停。"
    remedy = "Recharge; the service resumes by itself."
    remedy_zh = "请充值,服务将自动恢复。"

    def __init__(self, *, product: str) -> None:
        super().__init__(product=product)


class Throttled(RateLimited):
    """More calls a second than the enterprise may make to this API."""

    code = "THROTTLED"
    message = "More than the allowed calls a second; try again in {retry_after} s."
    message_zh = "超出每秒调用上限,请在 {retry_after} 秒后重试。"
    remedy = "Spread the calls, or buy a higher rate."
    remedy_zh = "请均匀发起调用,或购买更高的 QPS。"
