"""Refusals of the catalogue."""

from domain.kernel.errors import Conflict


class ShapeFixed(Conflict):
    """What a thing on sale counts and how it is delivered stays as it is: usage was counted so."""

    code = "SHAPE_FIXED"
    message = "{what} {id} has been on sale, so its {attribute} cannot change."
    message_zh = "{what} {id} 已上架,{attribute} 不可更改。"
    remedy = "Add a new {what} with a code of its own, and leave this one as it was."
    remedy_zh = "请使用新的编码新增 {what},原有的保持不变。"

    def __init__(self, *, what: str, id: str, attribute: str) -> None:
        super().__init__(what=what, id=id, attribute=attribute)


class CodeTaken(Conflict):
    """An API's code or path belongs to another API already."""

    code = "CODE_TAKEN"
    message = "{place}: {value} belongs to {owner} already."
    message_zh = "{place}:{value} 已属于 {owner}。"
    remedy = "Choose another code or path, or import the other product first."
    remedy_zh = "请更换编码或路径,或先导入另一产品。"

    def __init__(self, *, place: str, value: str, owner: str) -> None:
        super().__init__(place=place, value=value, owner=owner)
