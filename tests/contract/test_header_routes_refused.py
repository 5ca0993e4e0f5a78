"""Header routes that can't be created: the error says why, and nothing is written."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from elbv2_emulator import Emulator
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic, petclinic
from support.router.refusals import Refusal, Request, refusal, resource
from support.router.sidecar import CREDENTIALS, environment, sidecar, volume_directories

Stub = pb_grpc.TrafficRouterStub
Code = grpc.StatusCode
Json = dict[str, Any]

LISTENER_FORM = "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/NAME/ID/ID"
RULE_FORM = "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/ID/ID"


def match(header: str, **value: str) -> Json:
    return {"headerName": header, "headerValue": value}


ALICE = match("X-User", exact="alice")


# Routes that are wrong in themselves: they leave nothing behind for the next test


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Petclinic, Stub]]:
    with Emulator() as emulator, volume_directories() as volumes:
        clinic = petclinic(emulator.url, priority=10)
        with sidecar(volumes, environment(clinic.url, **CREDENTIALS)) as router, router.stub() as stub:
            yield clinic, stub


def in_beta(field: str, trouble: str, remedy: str) -> str:
    return f"In the header route 'beta', {field} {trouble}. {remedy}"


NAMES = "ELBv2 accepts header names of 1 to 40 letters, digits and !#$&'*+.^_`|~-."
ONE_OF_THREE = "Set exactly one of exact, prefix and regex."
UNPRINTABLE = "Headers of requests cannot contain such characters."
REGEX = "Regular expressions in ELBv2 cannot use look-around or back-references."
SHORTEN = "ELBv2 accepts 128 characters. Shorten the value, or match a prefix."


@pytest.mark.parametrize(
    ("matches", "sentence"),
    [
        pytest.param([match("", exact="1")], in_beta("match[0].headerName", "is ''", NAMES), id="no name"),
        pytest.param(
            [ALICE, match("X" * 41, exact="1")],
            in_beta("match[1].headerName", f"is '{'X' * 41}'", NAMES),
            id="a long name",
        ),
        pytest.param(
            [match("X User", exact="1")],
            in_beta("match[0].headerName", "is 'X User'", NAMES),
            id="a bad name",
        ),
        pytest.param(
            [match("host", exact="example.com")],
            in_beta(
                "match[0].headerName",
                "is 'Host'",
                "ELBv2 matches it only in host-header conditions. Choose another header.",
            ),
            id="Host",
        ),
        pytest.param(
            [match("X-User")],
            in_beta("match[0].headerValue", "has none of exact, prefix and regex", ONE_OF_THREE),
            id="no value",
        ),
        pytest.param(
            [match("X-User", exact="a", regex="b")],
            in_beta("match[0].headerValue", "has exact and regex", ONE_OF_THREE),
            id="two values",
        ),
        pytest.param(
            [match("X-User", exact="a\nb")],
            in_beta("match[0].headerValue.exact", "is 'a\\x0ab'", UNPRINTABLE),
            id="a line break",
        ),
        pytest.param(
            [match("X-User", prefix="\x00")],
            in_beta("match[0].headerValue.prefix", "is '\\x00'", UNPRINTABLE),
            id="a control character",
        ),
        pytest.param(
            [match("X-User", regex="^(?!bob)")],
            in_beta("match[0].headerValue.regex", "is '^(?!bob)'", REGEX),
            id="look-around",
        ),
        pytest.param(
            [match("X-User", regex=r"(a)\1")],
            in_beta("match[0].headerValue.regex", r"is '(a)\1'", REGEX),
            id="a back reference",
        ),
        *(
            pytest.param(
                [ALICE, match("X-Beta", regex=regex)],
                in_beta(
                    "match[1].headerValue.regex",
                    f"is '{regex}' for the header 'X-Beta', which is not a valid regular expression: {fault}",
                    "Correct it, or put a backslash before characters that have no special meaning.",
                ),
                id=f"a broken regular expression {regex}",
            )
            for regex, fault in (
                ("(", "it has a '(' without a ')'"),
                ("[a-", "it has a '[' that is not closed"),
                ("*a", "there is nothing that the '*' could repeat"),
            )
        ),
        pytest.param(
            [match("X-User", exact="x" * 129)],
            in_beta("the value for 'X-User'", "is 129 characters long as a condition", SHORTEN),
            id="a long value",
        ),
        pytest.param(
            [match("X-User", prefix="x" * 128)],
            in_beta("the value for 'X-User'", "is 129 characters long as a condition", SHORTEN),
            id="a long prefix",
        ),
        pytest.param(
            [match("X-User", exact="*" * 64)],
            in_beta("the value for 'X-User'", "is 130 characters long as a condition", SHORTEN),
            id="a value that is long when quoted",
        ),
        pytest.param(
            [match("X-User", exact=user) for user in ("alice", "bob", "carol", "dave")],
            in_beta(
                "the header 'X-User'",
                "has 4 values",
                "ELBv2 accepts 3 in a condition. Use fewer values, a prefix or a regex.",
            ),
            id="four values",
        ),
    ],
)
def test_a_match_that_elbv2_does_not_accept(
    shared: tuple[Petclinic, Stub], matches: list[Json], sentence: str
) -> None:
    clinic, stub = shared
    refused = refusal(stub, clinic.set_header_route("beta", *matches))
    assert refused == Refusal(Code.INVALID_ARGUMENT, "INVALID_HEADER_ROUTE", sentence)
    assert clinic.writes() == []


@pytest.mark.parametrize(
    ("matches", "asked"),
    [
        pytest.param(
            [match("X-User", exact=user) for user in ("alice", "bob", "carol")]
            + [match("X-Region", exact=region) for region in ("eu", "us")],
            "6 condition values",
            id="values",
        ),
        pytest.param(
            [match("X-User", regex="a"), match("X-Region", prefix="e"), match("X-Team", prefix="v")]
            + [match("X-Role", exact=role) for role in ("vet", "nurse")],
            "6 condition values",
            id="values of several headers",
        ),
    ],
)
def test_more_conditions_than_elbv2_allows_together_with_those_of_the_base_rule(
    shared: tuple[Petclinic, Stub], matches: list[Json], asked: str
) -> None:
    clinic, stub = shared
    assert refusal(stub, clinic.set_header_route("beta", *matches)) == Refusal(
        Code.INVALID_ARGUMENT,
        "TOO_MANY_CONDITIONS",
        f"Together with the conditions of {resource(clinic.rule)}, the header route 'beta' needs {asked}, "
        "but ELBv2 allows 5 per rule. Use fewer in the setHeaderRoute step or in that rule.",
    )
    assert clinic.writes() == []


def not_managed(clinic: Petclinic) -> Request:
    return clinic.set_header_route("beta", ALICE, rollout=clinic.with_routes("internal", "region"))


def none_managed(clinic: Petclinic) -> Request:
    return clinic.set_header_route("beta", ALICE, rollout=clinic.rollout())


def starred(clinic: Petclinic) -> Request:
    return clinic.set_header_route("beta*", ALICE)


def nameless(clinic: Petclinic) -> Request:
    return clinic.set_header_route("", ALICE)


def without_uid(clinic: Petclinic) -> Request:
    rollout = clinic.with_routes("beta")
    del rollout["metadata"]["uid"]
    return clinic.set_header_route("beta", ALICE, rollout=rollout)


def removal_without_uid(clinic: Petclinic) -> Request:
    rollout = clinic.with_routes("beta")
    del rollout["metadata"]["uid"]
    return clinic.remove_managed_routes(rollout)


NOT_AMONG = "set_header_route.name is 'beta', which is not among the Rollout's trafficRouting.managedRoutes "
PRECEDENCE = "Add it there; the order of that list is the order of precedence."
A_TAG = "The name becomes a tag value: use 1 to 256 letters, digits, spaces and _.:/=+-@."


@pytest.mark.parametrize(
    ("request_of", "sentence"),
    [
        pytest.param(
            not_managed,
            f"{NOT_AMONG}('internal', 'region'). {PRECEDENCE}",
            id="not managed",
        ),
        pytest.param(
            none_managed,
            f"{NOT_AMONG}(none). {PRECEDENCE}",
            id="none managed",
        ),
        pytest.param(starred, f"set_header_route.name is 'beta*'. {A_TAG}", id="no tag"),
        pytest.param(nameless, f"set_header_route.name is ''. {A_TAG}", id="no name"),
        pytest.param(without_uid, "rollout.metadata.uid is missing. Send the complete Rollout.", id="no uid"),
        pytest.param(
            removal_without_uid,
            "rollout.metadata.uid is missing. Send the complete Rollout.",
            id="no uid at the removal",
        ),
    ],
)
def test_a_request_that_is_wrong(
    shared: tuple[Petclinic, Stub], request_of: Callable[[Petclinic], Request], sentence: str
) -> None:
    clinic, stub = shared
    refused = refusal(stub, request_of(clinic))
    assert refused == Refusal(Code.INVALID_ARGUMENT, "INVALID_REQUEST", sentence)
    assert clinic.writes() == []


ONE_NAME = f"Name a rule by arn: {RULE_FORM}, or a listener's default action by listenerArn: {LISTENER_FORM}."


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        pytest.param(lambda _: {}, f" has neither arn nor listenerArn. {ONE_NAME}", id="neither"),
        pytest.param(
            lambda clinic: {"arn": clinic.rule, "listenerArn": clinic.listener},
            f" has both arn and listenerArn. {ONE_NAME}",
            id="both",
        ),
        pytest.param(
            lambda clinic: {"arn": clinic.listener},
            ".arn is '{listener}', not the ARN of an Application Load Balancer's rule. It is a listener's: "
            "name it by listenerArn to steer the listener's default action.",
            id="a listener's ARN as a rule's",
        ),
        pytest.param(
            lambda _: {"listenerArn": "petclinic"},
            ".listenerArn is 'petclinic', not the ARN of an Application Load Balancer's listener. "
            f"It has the form {LISTENER_FORM}.",
            id="no listener",
        ),
    ],
)
def test_a_base_rule_that_is_named_wrongly(
    shared: tuple[Petclinic, Stub], named: Callable[[Petclinic], Json], sentence: str
) -> None:
    clinic, stub = shared
    rollout = clinic.with_routes("beta", config=clinic.config(rules=[named(clinic)]))
    assert refusal(stub, clinic.set_header_route("beta", ALICE, rollout=rollout)) == Refusal(
        Code.INVALID_ARGUMENT,
        "INVALID_CONFIG",
        f"plugins['trafficrouter/elbv2'].rules[0]{sentence}".replace("{listener}", clinic.listener),
    )
    assert clinic.writes() == []


def test_a_base_rule_that_does_not_forward_to_stable(shared: tuple[Petclinic, Stub]) -> None:
    clinic, stub = shared
    config = clinic.config()
    config["targetGroups"]["was-stable"] = clinic.web
    rollout = clinic.with_routes("beta", config=config)
    assert refusal(stub, clinic.set_header_route("beta", ALICE, rollout=rollout)) == Refusal(
        Code.NOT_FOUND,
        "NO_FORWARD_TO_STABLE",
        f"{resource(clinic.rule)} does not forward to {resource(clinic.web)}, the target group of the "
        f"Service was-stable. It forwards to {resource(clinic.stable)}. Add the target group to the rule's "
        "forward action, or name another rule or target group in the Rollout's plugin configuration.",
    )
    assert clinic.writes() == []
