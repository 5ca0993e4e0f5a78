"""What is wrong with a request or a Rollout's configuration."""

from collections.abc import Sequence

from elbv2_trafficrouter.errors.problem import Kind, Problem, escaped


class UndecodableMessage(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, method: str) -> None:
        super().__init__(
            f"The bytes sent to {method} are not a message of its request type. "
            "Use a client made from trafficrouter.proto, with UTF-8 in every string."
        )


class InvalidRequest(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, field: str, trouble: str, remedy: str) -> None:
        super().__init__(f"{field} {trouble}. {remedy}", {"field": field})


class InvalidConfig(Problem):
    """A value of the plugin's block in the Rollout. `path` is where: plugins['trafficrouter/elbv2'].rules."""

    kind = Kind.INVALID_ARGUMENT

    def __init__(self, path: str, trouble: str, remedy: str) -> None:
        super().__init__(f"{path} {trouble}. {remedy}", {"field": path})


class UnknownKeys(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        """`keys`: each unknown key's path with the nearest known key."""
        paths = [f"{escaped(path)} (nearest: {nearest})" for path, nearest in keys]
        super().__init__(
            f"The Rollout's configuration has keys that this router does not know; correct or remove: "
            f"{', '.join(paths)}.",
            {"fields": "\n".join(path for path, _ in keys)},
        )
