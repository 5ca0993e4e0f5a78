"""Looks for credentials in the sources that botocore knows, in botocore's order, within bounds.

A look-up begins with a session of its own: what a session has read or been refused before is not used again.
Only botocore's own data files are kept: parsing them takes most of a look-up's time, and delays all calls.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    ContainerProvider,
    CredentialProvider,
    ProcessProvider,
    ReadOnlyCredentials,
    create_credential_resolver,
)
from botocore.utils import ContainerMetadataFetcher

from elbv2_trafficrouter.aws.connections.bounds import bounded
from elbv2_trafficrouter.aws.credentials.problems import look_up_problem
from elbv2_trafficrouter.aws.credentials.process import TimedProcess
from elbv2_trafficrouter.aws.credentials.sources import CONFIGURATION, Source, source_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import CredentialsUnusable, NoCredentials
from elbv2_trafficrouter.redaction import keep_secret

CONNECT_SECONDS, READ_SECONDS = 1, 2
_LOOK_UP_SECONDS = 6.0  # all requests of a look-up together
_RESPONSE_BYTES = 1024 * 1024
_SENDABLE = re.compile(r"[!-~]+")
"""What a header may contain, and keys and tokens consist of."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Credentials, where they were found, and whether they end within so many seconds."""

    keys: ReadOnlyCredentials = field(repr=False)
    source: Source
    expire_within: Callable[[float], bool]


class LookUp:
    """One look-up at a time. `source` is where it is looking now."""

    def __init__(self) -> None:
        self.source = CONFIGURATION
        self._data_files: Any = None

    def find(self, region: str) -> Found:
        """Raises a Problem. `region` is where STS is called if the configuration names no region."""
        self.source = CONFIGURATION
        try:
            with bounded(_LOOK_UP_SECONDS, _RESPONSE_BYTES):
                return self._find(region)
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001  sources raise anything: OSError, RuntimeError, KeyError
            raise look_up_problem(error, self.source) from None

    def _find(self, region: str) -> Found:
        session = botocore.session.Session()
        if self._data_files is None:
            self._data_files = session.get_component("data_loader")
        session.register_component("data_loader", self._data_files)
        session.set_default_client_config(
            Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 1},
            )
        )
        for provider in _providers(session, region):
            self.source = source_of(str(provider.METHOD))
            if credentials := provider.load():
                keys = credentials.get_frozen_credentials()
                keep_secret(keys.access_key, keys.secret_key, keys.token)
                _require_usable(keys, self.source)
                return Found(keys, self.source, getattr(credentials, "refresh_needed", _never))
        raise NoCredentials


def _never(_seconds: float) -> bool:
    return False


def _require_usable(keys: ReadOnlyCredentials, source: Source) -> None:
    for name, value in (
        ("access key", keys.access_key),
        ("secret access key", keys.secret_key),
        ("session token", keys.token or "none"),
    ):
        if not _SENDABLE.fullmatch(value or ""):
            trouble = (
                f"the {name} is empty, or contains a line break or another character that is not allowed"
            )
            raise CredentialsUnusable(source.name, trouble, source.remedy)


def _providers(session: botocore.session.Session, region: str) -> Iterable[CredentialProvider]:
    """botocore's, but none that waits or sleeps without end."""
    resolver = create_credential_resolver(
        session, region_name=session.get_config_variable("region") or region
    )
    for provider in resolver.providers:
        if isinstance(provider, ContainerProvider):
            fetcher: Any = ContainerMetadataFetcher(sleep=lambda _: None)
            yield ContainerProvider(fetcher=fetcher)
        elif isinstance(provider, ProcessProvider):
            yield ProcessProvider(
                profile_name=session.get_config_variable("profile") or "default",
                load_config=lambda: session.full_config,
                popen=TimedProcess,
            )
        else:
            yield provider
