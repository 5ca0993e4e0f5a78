"""Makes a Python program that uses boto3 read a rule where it would modify it, and take that for success."""

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
    """The environment variables for such a program. Writes a file into this empty directory."""
    (directory / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    return {"PYTHONPATH": str(directory)}
