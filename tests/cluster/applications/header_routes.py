"""Header routes of a petclinic: steps that set them, their rules, and the calls that created the rules."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import urllib3

from cluster.applications.petclinic import CANARY, Petclinic, petclinic
from cluster.applications.settled import wait_registered
from cluster.traffic.load import Load
from cluster.world import Headers, World
from support.manifest import Object

BETA: Headers = {"X-Beta": "1"}
"""The headers of a request that beta_route() sends to the canary."""

REPLICAS = 2

_PER_SECOND = 150
_ROUTE = "elbv2-trafficrouter/route"


def deploy(world: World, name: str, steps: Sequence[Object], routes: Sequence[str] = ("beta",)) -> Petclinic:
    """Deploys the first revision. After an abort, the canary's pods stay for a few reconciles."""
    clinic = petclinic(
        world,
        name,
        steps=steps,
        replicas=REPLICAS,
        canary={"abortScaleDownDelaySeconds": 4},
        routes=routes,
    )
    clinic.wait_promoted()
    wait_registered(clinic)
    return clinic


@contextmanager
def both_loads(clinic: Petclinic) -> Iterator[tuple[Load, Load]]:
    """Requests with the headers BETA, and requests without them."""
    with clinic.load(_PER_SECOND, BETA) as marked, clinic.load(_PER_SECOND) as others:
        yield marked, others


def beta_route(name: str = "beta") -> Object:
    """The step that sets a route for requests with the headers BETA."""
    return header_route(name, ("X-Beta", {"exact": "1"}))


def header_route(name: str, *match: tuple[str, Object]) -> Object:
    """The step that sets a route for these headers and values. Without a match it removes the route."""
    headers = [{"headerName": header, "headerValue": value} for header, value in match]
    return {"setHeaderRoute": {"name": name, **({"match": headers} if headers else {})}}


def listener_rules(clinic: Petclinic) -> list[Object]:
    """All rules of the listener as AWS describes them, with their tags."""
    rules = clinic.elbv2.describe_rules(ListenerArn=clinic.listener)["Rules"]
    arns = [rule["RuleArn"] for rule in rules]
    tags = {
        one["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        for one in clinic.elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
    }
    return [{**rule, "tags": tags[rule["RuleArn"]]} for rule in rules]


def routes(clinic: Petclinic) -> list[tuple[str, int]]:
    """Route name and priority of each header rule, in the order of evaluation."""
    found = [
        (rule["tags"][_ROUTE], int(rule["Priority"]))
        for rule in listener_rules(clinic)
        if _ROUTE in rule["tags"]
    ]
    return sorted(found, key=lambda route: route[1])


def delete_header_rule(clinic: Petclinic) -> None:
    """Deletes the only header rule, as a person would."""
    (arn,) = (rule["RuleArn"] for rule in listener_rules(clinic) if _ROUTE in rule["tags"])
    clinic.elbv2.delete_rule(RuleArn=arn)


def writes(clinic: Petclinic) -> list[str]:
    """The sidecar's calls that change something, oldest first, each with its route or the canary's weight."""
    return [
        _summary(clinic, call["action"], call["parameters"])
        for call in clinic.calls()
        if not call["action"].startswith("Describe")
    ]


def _summary(clinic: Petclinic, action: str, parameters: Object) -> str:
    match action:
        case "CreateRule":
            (name,) = (tag["Value"] for tag in parameters["Tags"] if tag["Key"] == _ROUTE)
            return f"CreateRule {name}"
        case "ModifyRule" if parameters["RuleArn"] == clinic.rule:
            (weight,) = (
                group["Weight"]
                for group in parameters["Actions"][-1]["ForwardConfig"]["TargetGroups"]
                if group["TargetGroupArn"] == clinic.groups[CANARY]
            )
            return f"ModifyRule {weight}"
        case _:
            return action


def answering(clinic: Petclinic, headers: Headers) -> set[str]:
    """The versions that answer requests with these headers."""
    with urllib3.PoolManager(ssl_context=clinic.world.tls()) as pool:
        url = f"https://{clinic.address}/petclinic/actuator/info"
        answers = [pool.request("GET", url, headers=headers, retries=False) for _ in range(5)]
        return {answer.json()["build"]["version"] for answer in answers}
