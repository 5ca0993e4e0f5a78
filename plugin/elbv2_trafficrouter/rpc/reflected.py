"""The descriptors that the reflection service returns.

protoc leaves the JSON names out of the Python code. Without them, grpcurl would print the names of the proto
(`rule_arn`) instead of those of JSON and the CRD (`ruleArn`).
"""

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool


def pool_with_json_names(files: Iterable[FileDescriptor]) -> DescriptorPool:
    """A pool of these files and everything they import, with the JSON name of each field."""
    pool = DescriptorPool()
    for file in _with_imports(files, set()):
        proto = FileDescriptorProto()
        file.CopyToProto(proto)
        for message in proto.message_type:
            _name_fields(message, file.message_types_by_name[message.name])
        pool.Add(proto)
    return pool


def _with_imports(files: Iterable[FileDescriptor], seen: set[str]) -> Iterator[FileDescriptor]:
    """The files and their imports, each once and after what it imports."""
    for file in files:
        if file.name not in seen:
            seen.add(file.name)
            yield from _with_imports(file.dependencies, seen)
            yield file


def _name_fields(proto: DescriptorProto, message: Descriptor) -> None:
    for field in proto.field:
        field.json_name = message.fields_by_name[field.name].json_name
    for nested in proto.nested_type:
        _name_fields(nested, message.nested_types_by_name[nested.name])
