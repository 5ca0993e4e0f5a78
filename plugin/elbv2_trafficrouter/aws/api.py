"""Sends every request to ELBv2: checks that its call is still current, sends it once, and turns a failure
into a Problem.

Only failures of AWS or of the network become Problems. An exception from a bug in our own code passes
through, and ends the call with INTERNAL.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from botocore import xform_name

from elbv2_trafficrouter.arn import Arn, region_of
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.problems import BOTOCORE, FAILURES, Failure, reading_problem, writing_problem
from elbv2_trafficrouter.aws.response import MalformedResponse, Response
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.ports import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to ELBv2."""

    operation: str
    """As the API reference names it: DescribeRules."""
    arn: Arn
    """The resource that the request is about. The request is sent to the region of this ARN."""
    parameters: Mapping[str, Any]
    problem: Callable[[Failure, str], Problem]
    """Builds the Problem for a failure. Its second argument is the IAM action of the request."""


def reading(operation: str, listener: Arn, **parameters: Any) -> Request:
    """A Describe request about a listener or its rules."""

    def problem(failure: Failure, action: str) -> Problem:
        return reading_problem(failure, action, listener)

    return Request(operation, listener, parameters, problem)


def writing(operation: str, arn: Arn, *groups: Arn, **parameters: Any) -> Request:
    """A request that changes a rule or listener. `groups`: the target groups in the request."""

    def problem(failure: Failure, action: str) -> Problem:
        return writing_problem(failure, action, arn, *groups)

    return Request(operation, arn, parameters, problem)


class Api:
    """Sends requests on behalf of a call. `parse` reads a response and raises MalformedResponse.

    Before they send a request, both methods raise what `call.require_current` raises. If the request fails,
    they raise its Problem.
    """

    def __init__(self, clients: ClientsByRegion) -> None:
        self._clients = clients

    def send(self, request: Request, call: Call, parse: Callable[[Response], T]) -> T:
        call.require_current()
        with _mapped(request):
            method = getattr(self._client(request), xform_name(request.operation))
            return parse(_received(partial(method, **request.parameters)))

    def send_for_pages(self, request: Request, call: Call, parse: Callable[[Response], T]) -> Iterator[T]:
        """The pages of a Describe request. Each page is requested only when the caller iterates to it."""
        call.require_current()
        with _mapped(request):
            paginator = self._client(request).get_paginator(xform_name(request.operation))
        pages = iter(paginator.paginate(**request.parameters))
        while True:
            with _mapped(request):
                page = _received(partial(next, pages, None))
                if page is None:
                    return
                parsed = parse(page)
            yield parsed
            call.require_current()

    def _client(self, request: Request) -> Any:
        return self._clients.of(region_of(request.arn))


@contextmanager
def _mapped(request: Request) -> Iterator[None]:
    try:
        yield
    except FAILURES as failure:
        raise request.problem(failure, f"elasticloadbalancing:{request.operation}") from failure


def _received(send: Callable[[], T]) -> T:
    """What `send` returns. It must only run botocore's code, so that its exceptions are not bugs of ours."""
    try:
        return send()
    except BOTOCORE:
        raise
    except (LookupError, TypeError, ValueError) as error:
        # botocore's parser fails like this if a response does not have the form of the service model.
        raise MalformedResponse(f"botocore cannot parse the response: {error!r}") from error
