"""Every link of the pages leads somewhere, and every page is linked. No network."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.docs.pages import DOCS, PAGES, README, ROOT, Page

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_EXTERNAL = re.compile(r"[a-z]+:")
_LONGEST_README = 200


def links(page: Page) -> Iterator[str]:
    """The targets of links and images."""
    yield from (target for target in _LINK.findall(page.prose) if not _EXTERNAL.match(target))


def destination(page: Page, link: str) -> tuple[Path, str]:
    """The file or directory that a relative link leads to, and the anchor in it."""
    path, _, anchor = link.partition("#")
    return (page.path.parent / path).resolve() if path else page.path, anchor


def anchors(page: Page) -> set[str]:
    """As GitHub makes them from headings: a repeated one gets a number."""
    found: set[str] = set()
    for heading in _HEADING.findall(page.prose):
        anchor = first = anchor_of(heading)
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{first}-{number}"
        found.add(anchor)
    return found


def anchor_of(heading: str) -> str:
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def broken(page: Page, root: Path = ROOT) -> Iterator[str]:
    for link in links(page):
        target, anchor = destination(page, link)
        if not target.exists() or not target.is_relative_to(root):
            yield f"{link}: no such file"
        elif anchor and anchor not in anchors(Page(target)):
            yield f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Page) -> None:
    assert list(broken(page)) == []


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached, waiting = {README.path}, [README]
    while waiting:
        page = waiting.pop()
        targets = {destination(page, link)[0] for link in links(page)}
        new = {path for path in targets - reached if path.suffix == ".md"}
        reached |= new
        waiting += map(Page, new)
    assert {page.path for page in PAGES} <= reached


def test_every_picture_of_docs_is_shown() -> None:
    shown = {destination(page, link)[0] for page in PAGES for link in links(page)}
    assert {path for path in (ROOT / "docs").iterdir() if path.suffix != ".md"} <= shown


def test_the_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= _LONGEST_README


def test_there_are_pages_to_test() -> None:
    assert len(DOCS) > 5
    assert sum(len(list(links(page))) for page in PAGES) > 50


@pytest.mark.parametrize(
    ("link", "trouble"),
    [
        pytest.param("[a](missing.md)", "no such file", id="a missing file"),
        pytest.param("[a](..)", "no such file", id="outside of the repository"),
        pytest.param("![a](missing.png)", "no such file", id="a missing picture"),
        pytest.param("[a](#missing)", "no such heading", id="a missing heading"),
        pytest.param("[a](other.md#missing)", "no such heading", id="a missing heading elsewhere"),
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, link: str, trouble: str) -> None:
    page = Page(tmp_path / "page.md")
    page.path.write_text(f"# Page\n\n{link}, [itself](#page) and [another](other.md#other)\n")
    (tmp_path / "other.md").write_text("# Other\n")
    (found,) = broken(page, root=tmp_path)
    assert found.endswith(trouble)


def test_links_in_a_block_are_not_links(tmp_path: Path) -> None:
    page = Page(tmp_path / "page.md")
    page.path.write_text("```text\n[a](missing.md)\n# Heading\n```\n")
    assert list(links(page)) == []
    assert anchors(page) == set()


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("The AWS role", "the-aws-role"),
        ("Coming from `alb:`", "coming-from-alb"),
        ("A [link](b.md) - and_more!", "a-link---and_more"),
        ("Größe", "größe"),
    ],
)
def test_an_anchor_is_made_as_github_makes_it(heading: str, anchor: str) -> None:
    assert anchor_of(heading) == anchor


def test_a_repeated_heading_gets_a_number(tmp_path: Path) -> None:
    page = Page(tmp_path / "page.md")
    page.path.write_text("## Start\n\n## Start\n\n## Start\n")
    assert anchors(page) == {"start", "start-1", "start-2"}
