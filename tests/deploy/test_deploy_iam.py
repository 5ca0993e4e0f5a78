"""What AWS must allow, against what the code calls and where it runs."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from support.manifest import CONTROLLER, ROOT, SIDECAR, containers_of, named, objects_of, rendered

IAM = ROOT / "deploy" / "iam"
PETCLINIC = ROOT / "deploy" / "examples" / "petclinic"
AWS = ROOT / "plugin" / "elbv2_trafficrouter" / "aws"


def statements(name: str) -> list[dict[str, Any]]:
    document = json.loads((IAM / name).read_text())
    assert document.keys() == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    assert all(statement["Effect"] == "Allow" for statement in document["Statement"])
    found: list[dict[str, Any]] = document["Statement"]
    return found


def test_exactly_what_the_code_calls_is_allowed() -> None:
    code = "".join(file.read_text() for file in AWS.glob("*.py"))
    called = set(re.findall(r'"(elasticloadbalancing:\w+)"', code))
    assert called
    assert {statement["Action"] for statement in statements("policy.json")} == called


def test_only_reading_is_allowed_everywhere() -> None:
    for statement in statements("policy.json"):
        is_read = statement["Action"].startswith("elasticloadbalancing:Describe")
        assert (statement["Resource"] == "*") is is_read
        assert ("Condition" in statement) is not is_read


def test_the_petclinic_rule_may_be_written() -> None:
    (write,) = (one for one in statements("policy.json") if one["Action"].endswith("ModifyRule"))
    (rollout,) = objects_of((PETCLINIC / "rollout.yaml").read_text())
    block = rollout["spec"]["strategy"]["canary"]["trafficRouting"]["plugins"]["trafficrouter/elbv2"]
    assert fnmatchcase(block["rules"][0]["arn"], write["Resource"])

    ((key, is_absent),) = write["Condition"].pop("Null").items()
    assert (write["Condition"], is_absent) == ({}, "false")
    tag = key.removeprefix("aws:ResourceTag/")
    assert f'"{tag}" = "petclinic"' in (PETCLINIC / "petclinic.tf").read_text()


def service_account() -> tuple[str, str]:
    controller = named(rendered(), "Deployment", CONTROLLER)
    assert SIDECAR in containers_of(controller["spec"]["template"])
    account = named(
        rendered(), "ServiceAccount", controller["spec"]["template"]["spec"]["serviceAccountName"]
    )
    return account["metadata"]["namespace"], account["metadata"]["name"]


def test_irsa_trusts_the_pods_service_account_alone() -> None:
    (trust,) = statements("trust-irsa.json")
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    issuer = trust["Principal"]["Federated"].partition(":oidc-provider/")[2]
    assert trust["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": ":".join(("system:serviceaccount", *service_account())),
        }
    }


def test_pod_identity_trusts_the_pods_service_account_alone() -> None:
    (trust,) = statements("trust-pod-identity.json")
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    namespace, name = service_account()
    assert trust["Condition"] == {
        "StringEquals": {
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": name,
        }
    }


@pytest.mark.parametrize("file", sorted(IAM.iterdir()), ids=lambda file: file.name)
def test_the_account_is_an_example(file: Any) -> None:
    assert set(re.findall(r"\b\d{12}\b", file.read_text())) <= {"123456789012"}
