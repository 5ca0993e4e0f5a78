"""The map in CONTRIBUTING.md has every room."""

import re
from pathlib import Path

from support.docs.pages import CONTRIBUTING, ROOT


def folders(directory: Path) -> set[str]:
    """The folders with code in them."""
    return {path.name for path in directory.iterdir() if any(path.glob("**/*.py"))}


def named(heading: str) -> set[str]:
    return {name for cell, *_ in CONTRIBUTING.rows(heading) for name in re.findall(r"`([^`]+)/`", cell)}


def test_every_folder_of_tests_is_named() -> None:
    assert named("in `tests/`") == folders(ROOT / "tests")


def test_every_program_and_every_room_of_the_emulator_is_named() -> None:
    plugin = ROOT / "plugin"
    rooms = {f"elbv2_emulator/{room}" for room in folders(plugin / "elbv2_emulator")}
    assert named("in `plugin/`") == {"elbv2_trafficrouter", "bridge"} | rooms
