"""What AWS must allow, against what the code calls and where it runs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from support.manifest import CONTROLLER, ROOT, SIDECAR, containers_of, named, rendered

IAM = ROOT / "deploy" / "iam"
AWS = ROOT / "plugin" / "elbv2_trafficrouter" / "aws"
HEADER_RULES = AWS / "header_rules.py"
POLICIES = ["policy.json", "default-actions.json", "header-routes.json"]


def statements(name: str) -> list[dict[str, Any]]:
    document = json.loads((IAM / name).read_text())
    assert document.keys() == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = document["Statement"]
    return found


def allowed(policy: str) -> set[str]:
    """The actions of the statements that allow."""
    named = (one["Action"] for one in statements(policy) if one["Effect"] == "Allow")
    return {action for one in named for action in ([one] if isinstance(one, str) else one)}


def called(*files: Path) -> set[str]:
    """The actions of ELBv2 that the code in these files calls, by the names of botocore's methods."""
    code = "".join(file.read_text() for file in files)
    operations = get_session().get_service_model("elbv2").operation_names
    return {
        f"elasticloadbalancing:{operation}"
        for operation in operations
        if re.search(rf'\.{xform_name(operation)}\(|get_paginator\("{xform_name(operation)}"\)', code)
    }


# Every RemoveManagedRoutes may need it: a rule made by hand may look like one of the router's.
TAGS = "elasticloadbalancing:DescribeTags"


def test_exactly_what_weights_need_is_allowed() -> None:
    for_weights = called(*set(AWS.glob("*.py")) - {HEADER_RULES})
    assert for_weights == allowed("policy.json") - {TAGS} | allowed("default-actions.json")
    assert allowed("default-actions.json") == {"elasticloadbalancing:ModifyListener"}


def test_header_routes_need_the_rest() -> None:
    """AWS asks for AddTags where a rule is created with tags."""
    assert TAGS in allowed("policy.json") & called(HEADER_RULES)
    tagging = "elasticloadbalancing:AddTags"
    assert called(HEADER_RULES) - {TAGS} | {tagging} == allowed("header-routes.json") != {tagging}


@pytest.mark.parametrize("policy", POLICIES)
def test_only_reading_is_allowed_everywhere(policy: str) -> None:
    for statement in statements(policy):
        is_read = "elasticloadbalancing:Describe" in str(statement["Action"])
        if statement["Effect"] == "Allow":
            assert (statement["Resource"] == "*") is is_read
        assert ("Condition" in statement) is not is_read


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
