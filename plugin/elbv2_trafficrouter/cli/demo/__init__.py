"""`elbv2-trafficrouter demo`: a whole canary on this machine, with every request counted.

Other commands import only this file of the demo: the rest needs aiohttp and rich.
"""

import argparse
import importlib.util
import sys

_NEEDED = ("aiohttp", "rich")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("demo", help="run a whole canary on this machine and count every request")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    missing = [package for package in _NEEDED if importlib.util.find_spec(package) is None]
    if missing:
        print(
            f"elbv2-trafficrouter: the demo needs {' and '.join(missing)}, which the sidecar does not. "
            "Install the extra packages: pip install 'elbv2-trafficrouter[demo]'.",
            file=sys.stderr,
        )
        return 1
    from elbv2_trafficrouter.cli.demo.play import play  # noqa: PLC0415  needs the packages checked above

    return play()
