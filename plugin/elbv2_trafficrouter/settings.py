"""What the operator sets, by flags and environment variables."""

import argparse
import ipaddress
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from elbv2_trafficrouter.logs import LogFormat
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.tags import may_be_tag_value

PREFIX = "ELBV2_TRAFFICROUTER_"
DEFAULT_LISTEN = "unix:///run/elbv2-trafficrouter/router.sock"
DEFAULT_PLUGIN_NAME = "trafficrouter/elbv2"
LOG_FORMATS = get_args(LogFormat)
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class UnixAddress:
    path: Path

    def __str__(self) -> str:
        """As gRPC wants it: a URI."""
        return f"unix:{quote(os.fspath(self.path))}"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """Port 0: a free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Address = UnixAddress | TcpAddress


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files for TCP: the server's certificate and key, and who signs the certificates of clients."""

    cert: Path
    key: Path
    client_ca: Path


@dataclass(frozen=True, slots=True)
class Settings:
    listen: tuple[Address, ...]
    tls: Tls | None
    plugin_name: str
    installation: Installation
    log_format: LogFormat
    log_level: str


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of `serve`; each takes its default from an environment variable."""
    parser.add_argument(
        "--listen",
        action="append",
        type=address,
        metavar="ADDRESS",
        help="unix:///path or host:port, beyond loopback only with TLS; may be given several times "
        f"(environment: {PREFIX}LISTEN, separated by spaces; default: {DEFAULT_LISTEN})",
    )
    for name, what in (
        ("cert", "the server's certificate"),
        ("key", "its key"),
        (
            "client-ca",
            "who signs the certificates that every TCP client must have",
        ),
    ):
        variable = f"{PREFIX}TLS_{name.replace('-', '_').upper()}"
        parser.add_argument(
            f"--tls-{name}",
            type=Path,
            default=os.environ.get(variable) or None,
            metavar="FILE",
            help=f"for TCP: {what}, in PEM ({variable})",
        )
    parser.add_argument(
        "--plugin-name",
        default=os.environ.get(PREFIX + "PLUGIN_NAME") or DEFAULT_PLUGIN_NAME,
        metavar="NAME",
        help=f"the plugin's name in argo-rollouts-config and in Rollouts ({PREFIX}PLUGIN_NAME; %(default)s)",
    )
    for name, what in (
        ("cluster", "the cluster's name"),
        ("instance", "the controller's --instance-id, where a cluster has several"),
    ):
        variable = PREFIX + name.upper()
        parser.add_argument(
            f"--{name}",
            type=_tag_value,
            default=os.environ.get(variable, ""),
            metavar="NAME",
            help=f"{what}, for the tags of header rules: a changed one leaves old rules behind ({variable})",
        )
    parser.add_argument(
        "--log-format",
        choices=LOG_FORMATS,
        default=os.environ.get(PREFIX + "LOG_FORMAT"),
        help=f"json, or console for a person ({PREFIX}LOG_FORMAT; console on a terminal, else json)",
    )
    parser.add_argument(
        "--log-level",
        choices=LOG_LEVELS,
        default=os.environ.get(PREFIX + "LOG_LEVEL") or "info",
        help=f"debug also tells calls that changed nothing ({PREFIX}LOG_LEVEL; %(default)s)",
    )


def settings(arguments: argparse.Namespace) -> Settings:
    """Raises argparse.ArgumentTypeError for a wrong environment, and for flags that do not go together.

    An empty variable counts as none.
    """
    from_environment = os.environ.get(PREFIX + "LISTEN", "").split() or [DEFAULT_LISTEN]
    listen: tuple[Address, ...] = tuple(arguments.listen or map(address, from_environment))
    tls = _tls(arguments)
    for one in listen:
        if isinstance(one, TcpAddress) and not one.is_loopback and tls is None:
            raise argparse.ArgumentTypeError(
                f"{one}: whoever reaches it could steer traffic; without --tls-cert, --tls-key and "
                "--tls-client-ca TCP is for loopback only: give these, or 127.0.0.1:port or unix:///path"
            )
    log_format = arguments.log_format or ("console" if sys.stderr.isatty() else "json")
    return Settings(
        listen=listen,
        tls=tls,
        plugin_name=arguments.plugin_name,
        installation=Installation(arguments.cluster, arguments.instance),
        log_format=_one_of(LOG_FORMATS, log_format, "LOG_FORMAT"),
        log_level=_one_of(LOG_LEVELS, arguments.log_level, "LOG_LEVEL"),
    )


def _tls(arguments: argparse.Namespace) -> Tls | None:
    files = (arguments.tls_cert, arguments.tls_key, arguments.tls_client_ca)
    if not any(files):
        return None
    if not all(files):
        raise argparse.ArgumentTypeError("give all three of --tls-cert, --tls-key and --tls-client-ca")
    return Tls(*files)


def _one_of(choices: Sequence[str], value: str, variable: str) -> Any:
    """The value. argparse compares flags with their choices, but not a default from the environment."""
    if value not in choices:
        raise argparse.ArgumentTypeError(f"{PREFIX}{variable} is {value!r}: give {' or '.join(choices)}")
    return value


def _tag_value(text: str) -> str:
    if not may_be_tag_value(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} can't be a tag: use up to 256 letters, digits, spaces and _.:/=+-@"
        )
    return text


def address(text: str) -> Address:
    """A place to listen on. Raises argparse.ArgumentTypeError."""
    if text.startswith("unix://"):
        path = Path(text.removeprefix("unix://"))
        if not (path.is_absolute() and path.name):
            raise argparse.ArgumentTypeError(f"{text}: give an absolute path: unix:///run/router.sock")
        return UnixAddress(path)
    host, _, port = text.rpartition(":")
    try:
        ip = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
        number = int(port)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: give unix:///path or 127.0.0.1:port") from error
    if not 0 <= number <= 65535:  # noqa: PLR2004  TCP's ports
        raise argparse.ArgumentTypeError(f"{text}: a port is from 0 to 65535")
    return TcpAddress(str(ip), number)
