"""The IAM policies and trust policies match what the code calls and where it runs."""

import importlib
import inspect
import json
import pkgutil
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

from elbv2_trafficrouter import aws
from elbv2_trafficrouter.aws.elbv2 import limits, listeners, rules, tags
from support.docs.pages import page
from support.manifest import CONTROLLER, ROOT, SIDECAR, containers_of, named, rendered

IAM = ROOT / "deploy" / "iam"
POLICIES = ["policy.json", "default-actions.json", "header-routes.json"]


def statements(name: str) -> list[dict[str, Any]]:
    document = json.loads((IAM / name).read_text())
    assert document.keys() == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = document["Statement"]
    return found


def allowed(policy: str) -> set[str]:
    """The actions that the policy allows."""
    actions = (each["Action"] for each in statements(policy) if each["Effect"] == "Allow")
    return {action for value in actions for action in ([value] if isinstance(value, str) else value)}


def called(*code: object) -> set[str]:
    """The ELBv2 actions that this code requests through aws.api."""
    text = "".join(inspect.getsource(part) for part in code)  # type: ignore[arg-type]  # modules, classes, functions
    operations = set(re.findall(r'\b(?:reading|writing|Request|_header_rule_request)\(\s*"(\w+)"', text))
    assert operations <= set(get_session().get_service_model("elbv2").operation_names)
    return {f"elasticloadbalancing:{operation}" for operation in operations}


WEIGHTS = (rules.Elbv2Rules._read, rules.Elbv2Rules.write)  # noqa: SLF001  it sends the request of `read`
# Needed without header routes, too: before weights are written, the tags show who manages the rule, and
# RemoveManagedRoutes reads the tags of rules that look like its own.
TAGS = (tags,)
HEADER_ROUTES = (
    rules.Elbv2Rules.create,
    rules.Elbv2Rules.replace,
    rules.Elbv2Rules.delete,
    limits,
    listeners,
)


def test_every_request_is_one_of_these() -> None:
    modules = [
        importlib.import_module(each.name) for each in pkgutil.walk_packages(aws.__path__, f"{aws.__name__}.")
    ]
    assert called(*modules) == called(*WEIGHTS) | called(*TAGS) | called(*HEADER_ROUTES)


def test_the_policies_for_weights_allow_exactly_what_is_called() -> None:
    assert called(*WEIGHTS) | called(*TAGS) == allowed("policy.json") | allowed("default-actions.json")
    assert allowed("default-actions.json") == {"elasticloadbalancing:ModifyListener"}


def test_the_policy_for_header_routes_allows_exactly_the_rest() -> None:
    """AWS requires AddTags when a rule is created with tags."""
    tagging = "elasticloadbalancing:AddTags"
    assert called(*HEADER_ROUTES) | {tagging} == allowed("header-routes.json")


@pytest.mark.parametrize("policy", POLICIES)
def test_only_reading_is_allowed_on_all_resources(policy: str) -> None:
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


def test_irsa_trusts_only_the_pods_service_account() -> None:
    (trust,) = statements("trust-irsa.json")
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    issuer = trust["Principal"]["Federated"].partition(":oidc-provider/")[2]
    assert trust["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": ":".join(("system:serviceaccount", *service_account())),
        }
    }


def test_pod_identity_trusts_only_the_pods_service_account() -> None:
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


def test_one_command_replaces_partition_and_account(tmp_path: Path) -> None:
    (command,) = re.findall(r"^sed .*$", page("permissions.md").text, re.MULTILINE)
    shutil.copytree(IAM, tmp_path / "deploy" / "iam")
    subprocess.run(["bash", "-ec", command], cwd=tmp_path, check=True)
    for file in IAM.iterdir():
        text = (tmp_path / "deploy" / "iam" / file.name).read_text()
        json.loads(text)
        assert set(re.findall(r"arn:([^:]*):", text)) <= {"aws-cn"}
        assert set(re.findall(r"\b\d{12}\b", text)) <= {"210987654321"}
        back = text.replace("arn:aws-cn:", "arn:aws:").replace("210987654321", "123456789012")
        assert back == file.read_text()


@pytest.mark.parametrize("file", sorted(IAM.iterdir()), ids=lambda file: file.name)
def test_the_account_id_is_an_example(file: Any) -> None:
    assert set(re.findall(r"\b\d{12}\b", file.read_text())) <= {"123456789012"}
