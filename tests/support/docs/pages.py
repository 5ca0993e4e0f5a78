"""The pages that people read: the README, docs/ and the two beside the README."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCED.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """The contents of the fenced blocks in this language."""
        return [text for name, text in _FENCED.findall(self.text) if name == language]

    def rows(self, heading: str) -> Iterator[list[str]]:
        """The cells of each row of the tables whose first column has this heading."""
        is_wanted = False
        before: list[str] = []
        for line in self.prose.splitlines():
            row = _cells(line)
            if row and set("".join(row)) <= {"-", ":"}:
                is_wanted = before[0] == heading
            elif not row:
                is_wanted = False
            elif is_wanted:
                yield row
            before = row


def _cells(line: str) -> list[str]:
    """The cells of a table's row; none for any other line."""
    if not line.startswith("|"):
        return []
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]


README = Page(ROOT / "README.md")
CONTRIBUTING = Page(ROOT / "CONTRIBUTING.md")
DOCS = [Page(path) for path in sorted((ROOT / "docs").glob("*.md"))]
PAGES = [README, *DOCS, CONTRIBUTING, Page(ROOT / "CHANGELOG.md")]


def page(name: str) -> Page:
    """A page of docs/ by its file's name."""
    return Page(ROOT / "docs" / name)
