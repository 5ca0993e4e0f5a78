"""Sends every request to ELBv2: waits for its token, checks that its call is still current, sends it once,
and turns a failure into a Problem.

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
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.causes import cause_of
from elbv2_trafficrouter.aws.clients import ClientsByRegion
from elbv2_trafficrouter.aws.connections.bounds import bounded
from elbv2_trafficrouter.aws.problems import BOTOCORE, FAILURES, Failure, reading_problem, writing_problem
from elbv2_trafficrouter.aws.response import MalformedResponse, Response
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import CredentialsRefused, Throttled, Unreachable
from elbv2_trafficrouter.errors.call import DeadlineExceeded
from elbv2_trafficrouter.routing.ports import Call

T = TypeVar("T")

_REQUEST_SECONDS = 3.0  # connecting, TLS and the whole response
_RESPONSE_BYTES = 4 * 1024 * 1024  # a page of 100 rules has a tenth; parsing takes twelve times as much


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

    @property
    def kind(self) -> Kind:
        return Kind.DESCRIBE if self.operation.startswith("Describe") else Kind.MODIFY


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

    Before they send a request, both methods wait for its token from the budget, and raise what
    `call.require_current` raises. If the request fails, they raise its Problem.
    """

    def __init__(self, clients: ClientsByRegion, budget: Budget) -> None:
        self._clients = clients
        self._budget = budget

    def send(self, request: Request, call: Call, parse: Callable[[Response], T]) -> T:
        with self._mapped(request, call):
            method = getattr(self._client(request, call), xform_name(request.operation))
            self._budget.take(request.arn, request.kind, call)
            call.require_current()  # credentials may have taken long
            return parse(_received(partial(method, **request.parameters), call))

    def send_for_pages(self, request: Request, call: Call, parse: Callable[[Response], T]) -> Iterator[T]:
        """The pages of a Describe request. Each page is requested only when the caller iterates to it."""
        with self._mapped(request, call):
            paginator = self._client(request, call).get_paginator(xform_name(request.operation))
        pages = iter(paginator.paginate(**request.parameters))
        while True:
            self._budget.take(request.arn, request.kind, call)
            call.require_current()
            with self._mapped(request, call):
                page = _received(partial(next, pages), call)
                parsed = parse(page)
            yield parsed
            if not page.get("NextMarker"):  # the iterator would need no request, and so no token, to end
                return

    def _client(self, request: Request, call: Call) -> Any:
        return self._clients.of(region_of(request.arn), call.seconds_left())

    @contextmanager
    def _mapped(self, request: Request, call: Call) -> Iterator[None]:
        try:
            yield
        except FAILURES as failure:
            problem = request.problem(failure, f"elasticloadbalancing:{request.operation}")
            if isinstance(problem, CredentialsRefused):
                self._clients.replace_refused()
            if isinstance(problem, Throttled):
                self._budget.halve(request.arn, request.kind)
            if isinstance(problem, Unreachable) and call.seconds_left() <= 0:
                raise DeadlineExceeded("AWS") from failure
            raise problem from failure


def _received(send: Callable[[], T], call: Call) -> T:
    """What `send` returns. It must only run botocore's code, so that its exceptions are not bugs of ours."""
    with bounded(min(_REQUEST_SECONDS, call.seconds_left()), _RESPONSE_BYTES) as bounds:
        try:
            return send()
        except BOTOCORE as error:
            if bounds.is_too_large:
                raise MalformedResponse("The response is larger than any of AWS") from error
            raise
        except (LookupError, TypeError, ValueError) as error:
            # botocore's parser fails like this if a response does not have the form of the service model.
            raise MalformedResponse(f"botocore cannot parse the response: {cause_of(error)}") from error
