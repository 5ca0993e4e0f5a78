"""The programs start with the arguments in the rendered manifest."""

import argparse
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from elbv2_trafficrouter.settings import Settings, UnixAddress, add_flags, settings
from support.manifest import (
    BUILD,
    CONTROLLER,
    INSTALLER,
    SIDECAR,
    arguments_of,
    container,
    outside,
    plugin,
    probe_of,
)
from support.router.sidecar import command, environment, volume_directories

BRIDGE = BUILD / "trafficrouter-bridge"
HANDSHAKE = {"ARGO_ROLLOUTS_RPC_PLUGIN": "trafficrouter"}
NOWHERE = Path("/volumes")


@pytest.fixture
def volumes() -> Iterator[Path]:
    with volume_directories() as directory:
        yield directory


def read(arguments: list[str]) -> Settings:
    """The settings, as the sidecar's own parser reads them."""
    command, *flags = arguments
    assert command == "serve"
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_flags(parser)
    return settings(parser.parse_args(flags))


@contextmanager
def started(*command: str | Path, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command,
        env=environment("http://127.0.0.1:9", **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def handshake(program: Path, arguments: list[str]) -> str:
    """The first line that a bridge prints when it is started as the controller starts it."""
    with started(program, *arguments, **HANDSHAKE) as process:
        assert process.stdout
        return process.stdout.readline()


def test_the_containers_start_in_order_and_the_installed_bridge_reaches_the_sidecar(
    volumes: Path,
) -> None:
    subprocess.run([BRIDGE, *arguments_of(INSTALLER, volumes)], check=True)
    bridge = Path(outside(plugin()["location"], CONTROLLER, volumes).removeprefix("file://"))
    assert os.access(bridge, os.X_OK)

    with started(*command(volumes)) as sidecar:
        await_startup_probe(sidecar, volumes)
        probe: list[str | Path] = [BRIDGE, *probe_of(SIDECAR, "livenessProbe", volumes)]
        assert subprocess.run(probe, check=False).returncode == 0
        assert handshake(bridge, arguments_of(CONTROLLER, volumes)).startswith("1|1|unix|")
        asked = subprocess.run([bridge, "--health", *arguments_of(CONTROLLER, volumes)], check=False)
        assert asked.returncode == 0
    assert subprocess.run(probe, check=False, capture_output=True).returncode == 1


def await_startup_probe(sidecar: "subprocess.Popen[str]", volumes: Path) -> None:
    """Runs the startup probe as the kubelet does: at its period, up to its failure threshold."""
    kind = "startupProbe"
    probe = container(SIDECAR)[kind]
    for _ in range(probe["failureThreshold"]):
        assert sidecar.poll() is None, sidecar.communicate()
        asked = subprocess.run(
            [BRIDGE, *probe_of(SIDECAR, kind, volumes)],
            timeout=probe["timeoutSeconds"],
            check=False,
            capture_output=True,
        )
        assert asked.returncode in {0, 1}, asked.stderr
        if asked.returncode == 0:
            return
        time.sleep(probe["periodSeconds"])
    pytest.fail(f"the sidecar did not start: {asked.stderr!r}")


def test_the_bridge_and_the_probes_use_the_address_that_the_sidecar_listens_on() -> None:
    (listen,) = read(arguments_of(SIDECAR, NOWHERE)).listen
    assert isinstance(listen, UnixAddress)
    for arguments in (
        arguments_of(CONTROLLER, NOWHERE),
        probe_of(SIDECAR, "startupProbe", NOWHERE),
        probe_of(SIDECAR, "livenessProbe", NOWHERE),
    ):
        assert arguments[arguments.index("--address") + 1] == f"unix://{listen.path}"


def test_the_plugins_entry_has_the_plugin_name_of_the_sidecar() -> None:
    assert plugin()["name"] == read(arguments_of(SIDECAR, NOWHERE)).plugin_name


def flags_of(arguments: list[str]) -> list[str]:
    return [word for word in arguments if word.startswith("--")]


def renamed(arguments: list[str], flag: str) -> list[str]:
    return [f"{word}-renamed" if word == flag else word for word in arguments]


def test_the_sidecar_rejects_a_flag_that_it_does_not_have() -> None:
    arguments = arguments_of(SIDECAR, NOWHERE)
    assert flags_of(arguments)
    for flag in flags_of(arguments):
        with pytest.raises(SystemExit):
            read(renamed(arguments, flag))


def test_the_bridge_rejects_a_flag_that_it_does_not_have(volumes: Path) -> None:
    for arguments in (
        arguments_of(INSTALLER, volumes),
        arguments_of(CONTROLLER, volumes),
        probe_of(SIDECAR, "startupProbe", volumes),
        probe_of(SIDECAR, "livenessProbe", volumes),
    ):
        assert flags_of(arguments)
        for flag in flags_of(arguments):
            with started(BRIDGE, *renamed(arguments, flag), **HANDSHAKE) as process:
                output, errors = process.communicate(timeout=10)
            assert (process.returncode, output) == (2, ""), errors
            assert f"{flag.removeprefix('-')}-renamed" in errors
