"""hypothesis strategies: any rule that a listener can have, as CreateRule takes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from elbv2_emulator.api.checks.conditions import check_conditions
from elbv2_emulator.api.errors import ApiError

REGION = "eu-west-1"
OURS = ("was-stable", "was-canary", "was-experiment")
FOREIGN = ("web", "api", "old")
ROUTES = ("internal", "beta", "region", "last")
TAGS = {
    "elbv2-trafficrouter/cluster": "lab",
    "elbv2-trafficrouter/instance": "",
    "elbv2-trafficrouter/rollout-namespace": "petclinic",
    "elbv2-trafficrouter/rollout": "was",
    "elbv2-trafficrouter/rollout-uid": "0c9e4d2c-6f0b-4f8e-9a3e-4f3f0f0a7a11",
}
ROUTE_TAG = "elbv2-trafficrouter/route"

Json = dict[str, Any]


@st.composite
def any_rule(draw: st.DrawFn, protocol: str, groups: Mapping[str, str], conditions: int = 4) -> Json:
    """Every third rule is a header rule of the Rollout, or differs from that in its tags, group or header."""
    is_alike = draw(st.sampled_from([False, False, True]))
    tags = draw(_nearly_our_tags() if is_alike else _TAGS)
    return {
        "Conditions": draw(_conditions(draw(st.sampled_from([0, 1, 1])) if is_alike else 0, conditions)),
        "Actions": draw(_actions(protocol, groups, is_alike=is_alike)),
        "Transforms": draw(
            st.lists(st.sampled_from(_TRANSFORMS), max_size=2, unique_by=lambda transform: transform["Type"])
        ),
        **({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}),
    }


@st.composite
def _nearly_our_tags(draw: st.DrawFn) -> Mapping[str, str]:
    tags: Mapping[str, str | None] = {**TAGS, ROUTE_TAG: draw(st.sampled_from([*ROUTES, "unknown"]))}
    if draw(st.booleans()):
        tags = {**tags, draw(st.sampled_from(sorted(tags))): draw(st.sampled_from(["other", None]))}
    return {key: value for key, value in tags.items() if value is not None}


_TAGS: st.SearchStrategy[Mapping[str, str]] = st.just({}) | st.just({"team": "web"}) | _nearly_our_tags()


@st.composite
def _conditions(draw: st.DrawFn, headers: int, most: int) -> Sequence[Json]:
    """As many of the drawn conditions as one rule may have."""
    kept: list[Json] = []
    first = draw(st.lists(_HEADER, min_size=headers, max_size=headers))
    for condition in [*first, *draw(st.lists(_CONDITION, min_size=1, max_size=most))]:
        try:
            check_conditions([*kept, condition])
        except ApiError:
            continue
        kept.append(condition)
    return kept


def _values(*values: str, name: str = "Values") -> st.SearchStrategy[Json]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(
        lambda some: {name: some}
    )


def _condition(field: str, config: str, values: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return values.map(lambda some: {"Field": field, config: some})


_PAIRS = st.fixed_dictionaries(
    {"Value": st.sampled_from(["1", "a*", r"\*", "?"])}, optional={"Key": st.sampled_from(["v", "q*"])}
)
_HEADER = _condition(
    "http-header",
    "HttpHeaderConfig",
    st.tuples(
        st.sampled_from(["X-User", "x-canary", "Cookie"]),
        _values("alice", "a*", "?x", "caf\u00e9") | _values("^a+$", "b|c", name="RegexValues"),
    ).map(lambda both: {"HttpHeaderName": both[0], **both[1]}),
)
_CONDITION = st.one_of(
    _HEADER,
    _condition(
        "host-header",
        "HostHeaderConfig",
        _values("www.example.com", "*.example.com", "api?.example.com")
        | _values(r"^a\.example\.com$", "example", name="RegexValues"),
    ),
    _condition(
        "path-pattern",
        "PathPatternConfig",
        _values("/petclinic*", "/", "/a?/*") | _values("^/v[0-9]+/", "owners", name="RegexValues"),
    ),
    _condition(
        "query-string",
        "QueryStringConfig",
        st.lists(_PAIRS, min_size=1, max_size=2).map(lambda pairs: {"Values": pairs}),
    ),
    _condition("http-request-method", "HttpRequestMethodConfig", _values("GET", "POST")),
    _condition("source-ip", "SourceIpConfig", _values("10.0.0.0/8", "fd00::/8")),
)


# Actions

_ADDRESS = "https://id.example.com"
_OIDC = {
    "Issuer": _ADDRESS,
    "AuthorizationEndpoint": f"{_ADDRESS}/authorize",
    "TokenEndpoint": f"{_ADDRESS}/token",
    "UserInfoEndpoint": f"{_ADDRESS}/userinfo",
    "ClientId": "petclinic",
    "ClientSecret": "not-a-secret",
}
_COGNITO = {
    "UserPoolArn": f"arn:aws:cognito-idp:{REGION}:123456789012:userpool/a",
    "UserPoolClientId": "petclinic",
    "UserPoolDomain": "petclinic",
}
_AUTHENTICATIONS: Sequence[Json] = (
    {"Type": "authenticate-oidc", "AuthenticateOidcConfig": _OIDC},
    {"Type": "authenticate-cognito", "AuthenticateCognitoConfig": _COGNITO},
    {
        "Type": "authenticate-cognito",
        "AuthenticateCognitoConfig": _COGNITO | {"Scope": "email", "OnUnauthenticatedRequest": "deny"},
    },
    {
        "Type": "jwt-validation",
        "JwtValidationConfig": {
            "JwksEndpoint": f"{_ADDRESS}/jwks",
            "Issuer": _ADDRESS,
            "AdditionalClaims": [{"Format": "single-string", "Name": "aud", "Values": ["petclinic"]}],
        },
    },
)
_ENDS: Sequence[Json] = (
    {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}},
    {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}},
)
_TRANSFORMS: Sequence[Json] = (
    {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a/(.*)", "Replace": "/$1"}]}},
    {
        "Type": "host-header-rewrite",
        "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "www", "Replace": "was"}]},
    },
)


@st.composite
def _actions(draw: st.DrawFn, protocol: str, groups: Mapping[str, str], *, is_alike: bool) -> Sequence[Json]:
    before = draw(st.lists(st.sampled_from(_AUTHENTICATIONS), max_size=1)) if protocol == "HTTPS" else []
    several = st.lists(st.sampled_from([*OURS, *FOREIGN]), min_size=1, max_size=5, unique=True)
    alone = st.sampled_from([[name] for name in (*OURS, FOREIGN[0])])
    if names := draw(alone if is_alike else several | st.just([])):
        weights = [draw(any_weight(name)) for name in names]
        last = draw(any_forward([groups[name] for name in names], weights))
    else:
        last = draw(st.sampled_from(_ENDS))
    return [*({**action, "Order": 1} for action in before), {**last, "Order": 2}]


def any_weight(name: str) -> st.SearchStrategy[int]:
    """The Rollout's groups have at most 999 together: above that, foreign shares are rounded."""
    return st.integers(0, 333 if name in OURS else 999) | st.just(0)


@st.composite
def any_forward(draw: st.DrawFn, groups: Sequence[str], weights: Sequence[int]) -> Json:
    if len(groups) == 1 and draw(st.booleans()):
        return {"Type": "forward", "TargetGroupArn": groups[0]}
    pairs = zip(groups, weights, strict=True)
    config: Json = {"TargetGroups": [{"TargetGroupArn": group, "Weight": weight} for group, weight in pairs]}
    if draw(st.booleans()):
        config["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": 60}
    return {"Type": "forward", "ForwardConfig": config}
