"""Records where a response had elements that botocore's model lacks: botocore silently drops them."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

UNMODELLED = "UnmodelledElements"


def keep_unmodelled_elements(
    operation_model: OperationModel,
    response_dict: Mapping[str, Any],
    customized_response_dict: MutableMapping[str, Any],
    **_: object,
) -> None:
    """A `before-parse` handler: adds {rule ARN: places} to the parsed response of DescribeRules."""
    if response_dict["status_code"] >= HTTPStatus.MULTIPLE_CHOICES:
        return
    # If the body is not XML, the key is missing: callers then know that the response did not come from AWS.
    with suppress(ET.ParseError, ValueError, LookupError):
        customized_response_dict[UNMODELLED] = unmodelled_elements(response_dict["body"], operation_model)


def unmodelled_elements(body: bytes, operation: OperationModel) -> dict[str, tuple[str, ...]]:
    """For each rule, the elements in it that the model lacks: {arn: ("Actions[0].MirrorConfig",)}.

    Empty elements are left out: a write that drops them erases nothing.
    """
    root = ET.fromstring(body)  # noqa: S314  AWS's own response; expat rejects entity bombs
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    output: Any = operation.output_shape
    shape = output.members["Rules"].member
    found = {}
    for rule in root.iterfind("DescribeRulesResult/Rules/member"):
        if places := tuple(_unmodelled(rule, shape, "")):
            found[rule.findtext("RuleArn", "")] = places
    return found


def _unmodelled(element: ET.Element, shape: Shape, place: str) -> Iterator[str]:
    if isinstance(shape, ListShape):
        for index, member in enumerate(element):
            yield from _unmodelled(member, shape.member, f"{place}[{index}]")
    elif isinstance(shape, StructureShape):
        for child in element:
            if child.tag in shape.members:
                yield from _unmodelled(child, shape.members[child.tag], f"{place}.{child.tag}".lstrip("."))
            elif any(text.strip() for text in child.itertext()):
                yield f"{place}.{child.tag}".lstrip(".")
    elif not isinstance(shape, MapShape) and len(element):
        yield place
