"""A real browser without a window: what a person would see of a page."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
BROWSER = ROOT / "build/chromium"
WIDTH, HEIGHT = 1280, 560


def dom(url: str, profile: Path) -> str:
    """The page's elements once its scripts have run."""
    return _browse(url, profile, ["--dump-dom"]).decode()


def picture(url: str, profile: Path, file: Path) -> None:
    _browse(url, profile, [f"--screenshot={file}", f"--window-size={WIDTH},{HEIGHT}"])


def _browse(url: str, profile: Path, arguments: Sequence[str]) -> bytes:
    command = [
        str(BROWSER),
        "--no-sandbox",  # it does not start as root otherwise, and shows only pages of this machine
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        # So much of the page's own time passes, as fast as it can: its scripts fetch and draw more than once.
        "--virtual-time-budget=3000",
        *arguments,
        url,
    ]
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
