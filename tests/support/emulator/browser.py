"""A real headless browser: what a person sees of a page."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
BROWSER = ROOT / "build/chromium"
WIDTH, HEIGHT = 1280, 560


def dom(url: str, profile: Path) -> str:
    """The page's DOM after its scripts have run."""
    return _browse(url, profile, ["--dump-dom"]).decode()


def picture(url: str, profile: Path, file: Path) -> None:
    _browse(url, profile, [f"--screenshot={file}", f"--window-size={WIDTH},{HEIGHT}"])


def _browse(url: str, profile: Path, arguments: Sequence[str]) -> bytes:
    command = [
        str(BROWSER),
        "--no-sandbox",  # required as root; only pages of this machine are opened
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        # Milliseconds of the page's time, which pass as fast as possible: its scripts draw repeatedly.
        "--virtual-time-budget=3000",
        *arguments,
        url,
    ]
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
