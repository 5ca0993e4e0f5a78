"""The command line: `elbv2-trafficrouter serve` and `demo`."""

import argparse
import importlib.metadata
from collections.abc import Sequence

from elbv2_trafficrouter.cli import demo, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command. Returns the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="elbv2-trafficrouter",
        allow_abbrev=False,  # each flag has exactly one spelling, also in manifests
        description="Argo Rollouts traffic router for AWS Application Load Balancers.",
    )
    parser.add_argument(
        "--version", action="version", version=importlib.metadata.version("elbv2-trafficrouter")
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve.add_command(commands)
    demo.add_command(commands)
    parsed = parser.parse_args(arguments)
    code: int = parsed.run(parsed)
    return code
