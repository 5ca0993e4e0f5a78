"""botocore's service model of elbv2: operations, their error codes, and validators of their inputs."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from elbv2_emulator.api.errors import COMMON_CODES, ValidationError

Check: TypeAlias = Callable[[object, str, list[str]], None]

_TYPES: Mapping[str, type] = {"string": str, "integer": int, "long": int, "boolean": bool}
# Python's \w matches letters and digits of all scripts, and the underscore, which these patterns allow too.
_IN_PYTHON = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\d": "[0-9]",
}


@functools.cache
def service() -> ServiceModel:
    # The default search paths would let a file in ~/.aws/models change what is valid.
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model("elbv2", "service-2"), "elbv2")


def operation(name: str) -> OperationModel | None:
    return service().operation_model(name) if name in service().operation_names else None


@functools.cache
def error_codes(operation_name: str) -> frozenset[str]:
    """Every error code that this operation may return."""
    listed = service().operation_model(operation_name).error_shapes
    codes = {shape.error_code for shape in listed if isinstance(shape, StructureShape)}
    return frozenset(COMMON_CODES) | codes


def validate(operation_name: str, parameters: Mapping[str, Any]) -> None:
    """Raise ValidationError, in AWS's words, for everything that the service model forbids."""
    problems: list[str] = []
    _validator(operation_name)(parameters, "", problems)
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise ValidationError(count + "; ".join(problems))


@functools.cache
def _validator(operation_name: str) -> Check:
    shape = service().operation_model(operation_name).input_shape
    return _compile(shape) if shape is not None else _accept_anything


def _accept_anything(_value: object, _path: str, _problems: list[str]) -> None:
    """The validator of an operation whose input has no shape."""


def _violation(value: object, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _compile(shape: Shape) -> Check:
    if isinstance(shape, StructureShape):
        return _structure(shape)
    if isinstance(shape, ListShape):
        return _list(shape)
    if isinstance(shape, MapShape):
        return _map(shape)
    return _scalar(shape)


def _structure(shape: StructureShape) -> Check:
    members = {name: (_compile(member), name[0].lower() + name[1:]) for name, member in shape.members.items()}
    required = [(name, members[name][1]) for name in shape.required_members]

    def check(value: object, path: str, problems: list[str]) -> None:
        if not isinstance(value, dict):
            problems.append(_violation(value, path, "Member must be a structure"))
            return
        prefix = f"{path}." if path else ""
        for name, shown_name in required:
            if name not in value:
                problems.append(
                    f"Value null at '{prefix}{shown_name}' failed to satisfy constraint: "
                    "Member must not be null"
                )
        for name, member in value.items():
            if name not in members:
                problems.append(f"Unknown parameter '{prefix}{name}', must be one of: {', '.join(members)}")
                continue
            check_member, shown_name = members[name]
            check_member(member, prefix + shown_name, problems)

    return check


def _bounds(shape: Shape, least: str, most: str) -> Callable[[int, object, str, list[str]], None]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")

    def check(size: int, value: object, path: str, problems: list[str]) -> None:
        if minimum is not None and size < minimum:
            problems.append(_violation(value, path, f"{least} greater than or equal to {minimum}"))
        if maximum is not None and size > maximum:
            problems.append(_violation(value, path, f"{most} less than or equal to {maximum}"))

    return check


def _list(shape: ListShape) -> Check:
    member = _compile(shape.member)
    bounds = _bounds(shape, "Member must have length", "Member must have length")

    def check(value: object, path: str, problems: list[str]) -> None:
        if not isinstance(value, list):
            problems.append(_violation(value, path, "Member must be a list"))
            return
        bounds(len(value), value, path, problems)
        for number, item in enumerate(value, start=1):
            member(item, f"{path}.{number}.member", problems)

    return check


def _map(shape: MapShape) -> Check:
    key, value_of_key = _compile(shape.key), _compile(shape.value)

    def check(value: object, path: str, problems: list[str]) -> None:
        if not isinstance(value, dict):
            problems.append(_violation(value, path, "Member must be a map"))
            return
        for name, item in value.items():
            key(name, f"{path}.key", problems)
            value_of_key(item, f"{path}.{name}", problems)

    return check


def _scalar(shape: Shape) -> Check:
    expected = _TYPES[shape.type_name]
    is_text = expected is str
    words = "Member must have length" if is_text else "Member must have value"
    bounds = _bounds(shape, words, words)
    values = shape.metadata.get("enum")
    pattern = pattern_of(shape)

    def check(value: object, path: str, problems: list[str]) -> None:
        if type(value) is not expected:
            problems.append(_violation(value, path, f"Member must be of type {shape.type_name}"))
            return
        if isinstance(value, str):
            if values and value not in values:
                problems.append(
                    _violation(value, path, f"Member must satisfy enum value set: [{', '.join(values)}]")
                )
            if pattern is not None and not pattern.fullmatch(value):
                problems.append(
                    _violation(
                        value,
                        path,
                        f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}",
                    )
                )
        if not isinstance(value, bool) and isinstance(value, str | int):
            bounds(len(value) if isinstance(value, str) else value, value, path, problems)

    return check


def pattern_of(shape: Shape) -> re.Pattern[str] | None:
    """The model's pattern, translated from Java's dialect to Python's."""
    pattern = shape.metadata.get("pattern")
    if pattern is None:
        return None
    for java, python in _IN_PYTHON.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)
