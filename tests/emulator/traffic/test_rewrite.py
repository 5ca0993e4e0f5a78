"""How transforms rewrite a request."""

from typing import Any

import pytest

from elbv2_emulator.traffic.rewrite import NotRewritable, Rewritten, rewrite


def url(regex: str, replacement: str) -> dict[str, Any]:
    return {
        "Type": "url-rewrite",
        "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replacement}]},
    }


def host(regex: str, replacement: str) -> dict[str, Any]:
    config = {"Rewrites": [{"Regex": regex, "Replace": replacement}]}
    return {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": config}


@pytest.mark.parametrize(
    ("transform", "target", "sent"),
    [
        pytest.param(url("^/api/", "/"), "/api/pets", "/pets", id="a prefix"),
        pytest.param(
            url("^/dp/([A-Z0-9]+)/?$", "/product?id=$1"), "/dp/B09", "/product?id=B09", id="a group"
        ),
        pytest.param(url("^/(a)/(b)", "/$2/$1$0"), "/a/b/c", "/b/a/a/b/c", id="groups in another order"),
        pytest.param(url("/x(y)?", "/$1z"), "/x", "/z", id="a group that did not take part is empty"),
        pytest.param(url("v=1", "v=2"), "/a?v=1", "/a?v=2", id="the query too"),
        pytest.param(url("a", "b"), "/aaa", "/baa", id="the first match"),
        pytest.param(url("^/API", "/"), "/api", "/api", id="no match, by its case"),
    ],
)
def test_a_url_is_rewritten(transform: Any, target: str, sent: str) -> None:
    assert rewrite([transform], target, "www.example.com") == Rewritten(sent)


@pytest.mark.parametrize(
    ("transform", "name", "sent"),
    [
        pytest.param(
            host("^site-(.+)[.]com$", "internal.$1.example"), "SITE-a.com", "internal.a.example", id="match"
        ),
        pytest.param(host("^other$", "x"), "www.example.com", None, id="no match leaves the client's"),
    ],
)
def test_a_host_is_rewritten_case_insensitively(transform: Any, name: str, sent: str | None) -> None:
    assert rewrite([transform], "/", name) == Rewritten("/", sent)


def test_both_are_rewritten() -> None:
    both = [host("www", "internal"), url("^/", "/v1/")]
    assert rewrite(both, "/pets", "www.example.com") == Rewritten("/v1/pets", "internal.example.com")


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param(url("^/a", "b"), id="a path that does not begin with a slash"),
        pytest.param(url("^/a", "/a b"), id="a space in a URL"),
        pytest.param(url("^/a", "/\n"), id="an end of line"),
        pytest.param(url("^/(a)", "/$2"), id="a group that does not exist"),
        pytest.param(host(".*", "a b"), id="a space in a host"),
        pytest.param(host(".*", ""), id="no host"),
    ],
)
def test_a_result_that_cannot_be_sent_is_refused(transform: Any) -> None:
    with pytest.raises(NotRewritable):
        rewrite([transform], "/a", "www.example.com")
