"""AWS's query protocol: decodes form-encoded requests and encodes XML responses, by the service model."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from elbv2_emulator.api.errors import ApiError, ValidationError

Tree: TypeAlias = dict[str, "Tree | str"]

NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def read_form(body: bytes) -> Tree:
    """The request's parameters as a tree, split at the dots of their names."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise ValidationError("The request's body is not form-encoded UTF-8") from error
    tree: Tree = {}
    for name, value in pairs:
        *path, last = name.split(".")
        node = tree
        for part in path:
            child = node.setdefault(part, {})
            if isinstance(child, str):
                raise ValidationError(f"Parameter '{name}' contradicts another parameter")
            node = child
        if last in node:
            raise ValidationError(f"Parameter '{name}' is given more than once")
        node[last] = value
    return tree


def decode(tree: Tree, shape: Shape | None) -> dict[str, Any]:
    """The input of an operation. Values that do not fit the shape are kept: the validator rejects them."""
    if not isinstance(shape, StructureShape):
        return {}
    given = _decode(tree, shape)
    return given if isinstance(given, dict) else {}


def _decode(node: Tree | str, shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        return _decode_structure(node, shape)
    if isinstance(shape, ListShape):
        return [_decode(item, shape.member) for item in _items(node, "member")]
    if isinstance(shape, MapShape):
        entries = [entry for entry in _items(node, "entry") if isinstance(entry, dict)]
        return {str(entry.get("key", "")): _decode(entry.get("value", ""), shape.value) for entry in entries}
    return node if isinstance(node, dict) else _decode_scalar(node, shape)


def _decode_scalar(node: str, shape: Shape) -> Any:
    if shape.type_name in {"integer", "long"}:
        return int(node) if _INTEGER.fullmatch(node) else node
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(node, node)
    return node


def _decode_structure(node: Tree | str, shape: StructureShape) -> Any:
    if isinstance(node, str):
        return {} if node == "" else node
    members = shape.members
    return {name: _decode(child, members[name]) if name in members else child for name, child in node.items()}


def _items(node: Tree | str, word: str) -> list[Tree | str]:
    """The items of a list in their order. An empty list may be sent as the empty string."""
    if node == "":
        return []
    items = node.get(word) if isinstance(node, dict) and set(node) == {word} else None
    if not isinstance(items, dict) or not all(number.isascii() and number.isdigit() for number in items):
        raise ValidationError(f"A list must be sent as '….{word}.N'")
    return [items[number] for number in sorted(items, key=int)]


def encode(operation: OperationModel, output: Mapping[str, Any], request_id: str) -> str:
    """The response document for an operation's output."""
    shape = operation.output_shape
    wrapper = f"{operation.name}Result"
    out = [f'<{operation.name}Response xmlns="{NAMESPACE}">']
    if isinstance(shape, StructureShape):
        _encode(out, wrapper, output, shape)
    out.append(
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation.name}Response>"
    )
    return "".join(out)


def _encode(out: list[str], name: str, value: Any, shape: Shape) -> None:
    out.append(f"<{name}>")
    if isinstance(shape, StructureShape):
        if unknown := set(value) - set(shape.members):
            raise TypeError(f"{shape.name} has no {sorted(unknown)}")
        for member, member_shape in shape.members.items():
            if value.get(member) is not None:
                _encode(out, member, value[member], member_shape)
    elif isinstance(shape, ListShape):
        for item in value:
            _encode(out, "member", item, shape.member)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            out.append("<entry>")
            _encode(out, "key", key, shape.key)
            _encode(out, "value", item, shape.value)
            out.append("</entry>")
    else:
        out.append(_text(value))
    out.append(f"</{name}>")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return escape(_NOT_IN_XML.sub("\ufffd", str(value)), {"\r": "&#13;"})


def encode_error(error: ApiError, request_id: str) -> str:
    """The response document for an error."""
    blame = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004  HTTP's server errors
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{blame}</Type><Code>{_text(error.code)}</Code>'
        f"<Message>{_text(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
