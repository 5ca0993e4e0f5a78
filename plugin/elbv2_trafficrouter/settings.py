"""The operator's settings, from flags and environment variables."""

import argparse
import ipaddress
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from elbv2_trafficrouter.arn import is_region
from elbv2_trafficrouter.logs import LogFormat
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.tags import may_be_tag_value

PREFIX = "ELBV2_TRAFFICROUTER_"
DEFAULT_LISTEN = "unix:///run/elbv2-trafficrouter/router.sock"
DEFAULT_PLUGIN_NAME = "trafficrouter/elbv2"
DEFAULT_API_SHARE = "0.5"
_LEAST_API_SHARE = 0.05  # a write every seven seconds
LOG_FORMATS = get_args(LogFormat)
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class UnixAddress:
    path: Path

    def __str__(self) -> str:
        """The address as a URI, which gRPC requires."""
        return f"unix:{quote(os.fspath(self.path))}"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """An IP address and a port; port 0 means any free port."""

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
    """PEM files for TCP: the server's certificate and key, and the CA that signs client certificates."""

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
    regions: tuple[str, ...] = ()
    """Empty: the region of the sidecar's own AWS configuration, or any region if there is none."""
    api_share: float = 0.5
    """The part of AWS's API limits for an account and region that the sidecar uses, 0.05 to 1."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of `serve`; each takes its default from an environment variable."""
    parser.add_argument(
        "--listen",
        action="append",
        type=address,
        metavar="ADDRESS",
        help="address to listen on: unix:///path or host:port; addresses that are not on loopback require "
        f"TLS; can be repeated (environment: {PREFIX}LISTEN, separated by spaces; default: {DEFAULT_LISTEN})",
    )
    for name, what in (
        ("cert", "the server's certificate"),
        ("key", "the private key of the server's certificate"),
        ("client-ca", "the CA that signs the certificates of clients"),
    ):
        variable = f"{PREFIX}TLS_{name.replace('-', '_').upper()}"
        parser.add_argument(
            f"--tls-{name}",
            type=Path,
            default=os.environ.get(variable) or None,
            metavar="FILE",
            help=f"PEM file with {what}, for TCP (environment: {variable})",
        )
    parser.add_argument(
        "--plugin-name",
        default=os.environ.get(PREFIX + "PLUGIN_NAME") or DEFAULT_PLUGIN_NAME,
        metavar="NAME",
        help="name of the plugin in argo-rollouts-config and in Rollouts "
        f"(environment: {PREFIX}PLUGIN_NAME; default: %(default)s)",
    )
    for name, what in (
        ("cluster", "name of the cluster"),
        ("instance", "the controller's --instance-id, if the cluster has several controllers"),
    ):
        variable = PREFIX + name.upper()
        parser.add_argument(
            f"--{name}",
            type=_tag_value,
            default=os.environ.get(variable, ""),
            metavar="NAME",
            help=f"{what}; part of the tags on the rules of header routes, so that rules with the old name "
            f"stay behind after a change (environment: {variable})",
        )
    parser.add_argument(
        "--regions",
        default=os.environ.get(PREFIX + "REGIONS", ""),
        metavar="REGION[,REGION...]",
        help="regions in which Rollouts may name rules; no request is sent to others "
        f"(environment: {PREFIX}REGIONS; default: the region of the sidecar's own AWS configuration, such as "
        "AWS_REGION; if there is none, any region)",
    )
    parser.add_argument(
        "--api-share",
        default=os.environ.get(PREFIX + "API_SHARE") or DEFAULT_API_SHARE,
        metavar="SHARE",
        help="part of AWS's limits on ELBv2 API calls in an account and region that the sidecar uses, from "
        "0.05 to 1; the rest is left to the AWS Load Balancer Controller and others "
        f"(environment: {PREFIX}API_SHARE; default: {DEFAULT_API_SHARE})",
    )
    parser.add_argument(
        "--log-format",
        choices=LOG_FORMATS,
        default=os.environ.get(PREFIX + "LOG_FORMAT"),
        help="log format: json for machines, console for people "
        f"(environment: {PREFIX}LOG_FORMAT; default: console on a terminal, otherwise json)",
    )
    parser.add_argument(
        "--log-level",
        choices=LOG_LEVELS,
        default=os.environ.get(PREFIX + "LOG_LEVEL") or "info",
        help="lowest level to log; debug includes calls that changed nothing "
        f"(environment: {PREFIX}LOG_LEVEL; default: %(default)s)",
    )


def settings(arguments: argparse.Namespace) -> Settings:
    """Settings from parsed flags. An empty environment variable counts as unset.

    Raises argparse.ArgumentTypeError for a wrong environment variable and for flags that conflict.
    """
    from_environment = os.environ.get(PREFIX + "LISTEN", "").split() or [DEFAULT_LISTEN]
    listen: tuple[Address, ...] = tuple(arguments.listen or map(address, from_environment))
    tls = _tls(arguments)
    for endpoint in listen:
        if isinstance(endpoint, TcpAddress) and not endpoint.is_loopback and tls is None:
            raise argparse.ArgumentTypeError(
                f"{endpoint} is not on loopback and requires TLS, because every client can shift traffic: "
                "set --tls-cert, --tls-key and --tls-client-ca, or listen on 127.0.0.1:port or unix:///path"
            )
    log_format = arguments.log_format or ("console" if sys.stderr.isatty() else "json")
    return Settings(
        listen=listen,
        tls=tls,
        plugin_name=arguments.plugin_name,
        installation=Installation(arguments.cluster, arguments.instance),
        log_format=_one_of(LOG_FORMATS, log_format, "LOG_FORMAT"),
        log_level=_one_of(LOG_LEVELS, arguments.log_level, "LOG_LEVEL"),
        regions=_regions(arguments.regions),
        api_share=_api_share(arguments.api_share),
    )


def _tls(arguments: argparse.Namespace) -> Tls | None:
    files = (arguments.tls_cert, arguments.tls_key, arguments.tls_client_ca)
    if not any(files):
        return None
    if not all(files):
        raise argparse.ArgumentTypeError("--tls-cert, --tls-key and --tls-client-ca must be set together")
    return Tls(*files)


def _regions(text: str) -> tuple[str, ...]:
    """Checked here, because argparse does not check a default from the environment."""
    regions = tuple(region.strip() for region in text.split(",")) if text else ()
    for region in regions:
        if not is_region(region):
            raise argparse.ArgumentTypeError(
                f"--regions or {PREFIX}REGIONS: {region!r} is not a region: use eu-west-1,eu-central-1"
            )
    return regions


def _api_share(text: str) -> float:
    """Checked here, for the same reason."""
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not _LEAST_API_SHARE <= share <= 1:  # also false for nan
        raise argparse.ArgumentTypeError(
            f"--api-share or {PREFIX}API_SHARE: {text!r} is not a share: use a number from 0.05 to 1"
        )
    return share


def _one_of(choices: Sequence[str], value: str, variable: str) -> Any:
    """Checks the value: argparse checks the choices of a flag, but not a default from the environment."""
    if value not in choices:
        raise argparse.ArgumentTypeError(f"{PREFIX}{variable} is {value!r}: use {' or '.join(choices)}")
    return value


def _tag_value(text: str) -> str:
    if not may_be_tag_value(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} can't be a tag value: use up to 256 letters, digits, spaces and _.:/=+-@"
        )
    return text


def address(text: str) -> Address:
    """Reads an address to listen on. Raises argparse.ArgumentTypeError."""
    if text.startswith("unix://"):
        path = Path(text.removeprefix("unix://"))
        if not (path.is_absolute() and path.name):
            raise argparse.ArgumentTypeError(f"{text}: use an absolute path, such as unix:///run/router.sock")
        return UnixAddress(path)
    host, _, port = text.rpartition(":")
    try:
        ip = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
        number = int(port)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: use unix:///path or 127.0.0.1:port") from error
    if not 0 <= number <= 65535:  # noqa: PLR2004  TCP's ports
        raise argparse.ArgumentTypeError(f"{text}: use a port from 0 to 65535")
    return TcpAddress(str(ip), number)
