"""Problems with a request, or with the plugin's configuration in the Rollout."""

from collections.abc import Sequence

from elbv2_trafficrouter.errors.problem import Kind, Problem, escaped


class UndecodableMessage(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, method: str) -> None:
        super().__init__(
            f"The bytes sent to {method} are not a valid {method}Request. "
            "Use a client generated from trafficrouter.proto, with UTF-8 in every string."
        )


class InvalidRequest(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, field: str, trouble: str, remedy: str) -> None:
        super().__init__(f"{field} {trouble}. {remedy}", {"field": field})


class InvalidConfig(Problem):
    """A wrong value in the plugin's configuration, at `path`: plugins['trafficrouter/elbv2'].rules."""

    kind = Kind.INVALID_ARGUMENT

    def __init__(self, path: str, trouble: str, remedy: str) -> None:
        super().__init__(f"{path} {trouble}. {remedy}", {"field": path})


class UnknownKeys(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        """`keys`: the path of each unknown key, with the closest known key."""
        paths = [f"{escaped(path)} (did you mean {closest}?)" for path, closest in keys]
        super().__init__(
            "The Rollout's plugin configuration has keys that this version does not know. Correct or remove "
            f"them: {', '.join(paths)}.",
            {"fields": "\n".join(path for path, _ in keys)},
        )
