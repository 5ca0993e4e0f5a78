"""A Python program that asks AWS to write nothing, and takes what it reads for the answer to a write."""

from pathlib import Path

_SITECUSTOMIZE = """
from botocore.client import BaseClient

call = BaseClient._make_api_call


def read_only(client, operation, parameters):
    if operation == "ModifyRule":
        return call(client, "DescribeRules", {"RuleArns": [parameters["RuleArn"]]})
    return call(client, operation, parameters)


BaseClient._make_api_call = read_only
"""


def reads_instead_of_writing(directory: Path) -> dict[str, str]:
    """The variables that make it so, by a file in this empty directory."""
    (directory / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    return {"PYTHONPATH": str(directory)}
