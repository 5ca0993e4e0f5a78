"""Problem → google.rpc.Status. Pure."""

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from elbv2_trafficrouter.errors import Problem

DOMAIN = "elbv2-trafficrouter"
_MAX_METADATA_CHARACTERS = 1024  # all details travel in one HTTP/2 header, for which clients allow 8 KiB


def code(problem: Problem) -> grpc.StatusCode:
    return grpc.StatusCode[problem.kind.name]


def status(problem: Problem) -> Status:
    """The sentence as message, and an ErrorInfo with reason and metadata for programs."""
    info = ErrorInfo(
        reason=problem.reason,
        domain=DOMAIN,
        metadata={key: value[:_MAX_METADATA_CHARACTERS] for key, value in problem.metadata.items()},
    )
    detail = Any()
    detail.Pack(info)
    return Status(code=code(problem).value[0], message=problem.sentence, details=[detail])
