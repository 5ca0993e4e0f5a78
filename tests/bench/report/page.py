"""docs/performance.md: what was measured last is between markers, and pictures are beside the page."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "performance.md"


def write_between(name: str, text: str, page: Path = PAGE) -> None:
    """Replaces what is between the markers of this name. Raises ValueError if the page does not have them."""
    begin, end = f"<!-- measured: {name} -->", "<!-- end -->"
    pattern = re.compile(rf"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    replaced, count = pattern.subn(lambda _: f"{begin}\n{text.strip()}\n{end}", page.read_text())
    if count != 1:
        raise ValueError(f"{page} has {count} places for {name!r}: it needs one, {begin} … {end}")
    page.write_text(replaced)


def write_picture(name: str, svg: str) -> None:
    (DOCS / name).write_text(svg)
