"""`elbv2-trafficrouter serve`: runs the sidecar."""

import argparse
import os
import sys

from elbv2_trafficrouter import logs
from elbv2_trafficrouter.settings import add_flags, settings
from elbv2_trafficrouter.socket_file import SocketUnusable
from elbv2_trafficrouter.stderr import use_stderr_that_never_waits
from elbv2_trafficrouter.stop_signals import block_stop_signals


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "serve", help="run the sidecar: serve the traffic router's gRPC API", allow_abbrev=False
    )
    add_flags(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    block_stop_signals()
    use_stderr_that_never_waits()
    logs.silence_libraries()
    from elbv2_trafficrouter import server  # noqa: PLC0415  slow to import, and gRPC then reads its settings

    try:
        chosen = settings(arguments)
        logs.configure(chosen.log_format, chosen.log_level)
        server.serve(chosen)
    except (argparse.ArgumentTypeError, SocketUnusable, OSError) as error:
        print(f"elbv2-trafficrouter: {error}", file=sys.stderr)
        return 1
    # Returning would wait for threads, and one that hangs is what a restart may be for.
    os._exit(0)
