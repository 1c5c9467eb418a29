"""Refusals of service keys."""

from domain.kernel.errors import Conflict, Forbidden, Unauthenticated


class ServiceKeyNameTaken(Conflict):
    """Two service keys of one name could not be told apart in the audit trail."""

    code = "SERVICE_KEY_NAME_TAKEN"
    message = "There is a service key named {name} already."
    message_zh = "名为 {name} 的服务密钥已存在。"
    remedy = "Choose another name, such as the gateway's own."
    remedy_zh = "请换一个名称,例如网关自身的名称。"

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class ServiceKeyUnknown(Unauthenticated):
    """This door is for the platform's gateways and back ends, which prove themselves by a key."""

    code = "SERVICE_KEY_UNKNOWN"
    message = "No valid service key came with this request."
    message_zh = "请求未携带有效的服务密钥。"
    remedy = "Send the gateway's own key as X-Service-Key; an operator makes one."
    remedy_zh = "请以 X-Service-Key 发送网关自己的服务密钥,由平台运营创建。"


class ServiceKeyLacksScope(Forbidden):
    """A service key opens the doors that its scopes name, and no other."""

    code = "SERVICE_KEY_SCOPE"
    message = "This service key does not hold the scope {scope}."
    message_zh = "该服务密钥没有权限 {scope}。"
    remedy = "Ask an operator for a service key with the scope {scope}."
    remedy_zh = "请向平台运营申请带有 {scope} 权限的服务密钥。"

    def __init__(self, *, scope: str) -> None:
        super().__init__(scope=scope)
