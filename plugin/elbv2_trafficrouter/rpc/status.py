"""Turns a Problem into a google.rpc.Status. Pure."""

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from elbv2_trafficrouter.errors import Problem

DOMAIN = "elbv2-trafficrouter"
# Clients allow 8 KiB of HTTP/2 headers. These contain the message twice: percent-encoded (up to three times
# as long), and in the details, which are base64-encoded (a third longer).
_MAX_METADATA_BYTES = 2048


def code(problem: Problem) -> grpc.StatusCode:
    return grpc.StatusCode[problem.kind.name]


def status(problem: Problem) -> Status:
    """The status message is the sentence; an ErrorInfo has the reason and the metadata for programs."""
    info = ErrorInfo(reason=problem.reason, domain=DOMAIN, metadata=metadata(problem))
    detail = Any()
    detail.Pack(info)
    return Status(code=code(problem).value[0], message=problem.sentence, details=[detail])


def metadata(problem: Problem) -> dict[str, str]:
    """The problem's metadata, cut to a size that every client accepts and that suits a log line."""
    share = _MAX_METADATA_BYTES // max(1, len(problem.metadata))
    return {key: _cut(value, share) for key, value in problem.metadata.items()}


def _cut(value: str, size: int) -> str:
    """Valid UTF-8 of at most `size` bytes: protobuf rejects lone surrogates."""
    return value.encode(errors="backslashreplace")[:size].decode(errors="ignore")
