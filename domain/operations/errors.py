"""Refusals of trusted documents."""

from domain.kernel.errors import Conflict, Forbidden, NotFound


class DocumentNotTrusted(Forbidden):
    """Only documents that were registered beforehand may run here, or by this caller."""

    code = "DOCUMENT_NOT_TRUSTED"
    message = "Only registered documents may be run here, and this one is not registered."
    message_zh = "此处只能执行已登记的文档,当前文档未登记。"
    remedy = "Call a registered document by documentId; operators register manifests."
    remedy_zh = "请以 documentId 调用已登记的文档;文档清单由平台运营登记。"


class OperationNotAllowed(Forbidden):
    """A role or a key may be limited to named operations of registered documents."""

    code = "OPERATION_NOT_ALLOWED"
    message = "Your role or key is limited to named operations, and {name} is not among them."
    message_zh = "您的角色或密钥仅限于指定操作,{name} 不在其中。"
    remedy = "Call one of the allowed operations, or ask for {name} to be added."
    remedy_zh = "请调用允许的操作,或申请加入 {name}。"

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class PersistedQueryNotFound(NotFound):
    """No document is known by this id or hash; the words are those that clients look for."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    message = "PersistedQueryNotFound"
    message_zh = "找不到该标识对应的文档(PersistedQueryNotFound)。"
    remedy = "Send the query's text once with its hash, or register the document."
    remedy_zh = "请将查询文本与其哈希一并发送一次,或先登记该文档。"

    def __init__(self) -> None:
        super().__init__(what="document", id="")


class PersistedQueryNotSupported(Forbidden):
    """Automatic persisted queries are switched off; the words are those that clients look for."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    message = "PersistedQueryNotSupported"
    message_zh = "未启用自动持久化查询(PersistedQueryNotSupported)。"
    remedy = "Send the query's text, or call a registered document."
    remedy_zh = "请发送查询文本,或调用已登记的文档。"


class DocumentIdTaken(Conflict):
    """An id names one text for ever: deployed clients keep calling what they were built with."""

    code = "DOCUMENT_ID_TAKEN"
    message = "The document id {id} is registered with another text."
    message_zh = "文档标识 {id} 已登记为另一段文本。"
    remedy = "Build the manifest with ids that are hashes of the texts."
    remedy_zh = "请用文本哈希作为标识重新生成清单。"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
