"""What a call reads for its header routes: everything at most once, however many routes there are.

A read that failed is not repeated either: its Problem is raised again. One call uses this, in one thread.
What the call itself changes is not seen here; the caller takes it into account.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from elbv2_trafficrouter.arn import Arn, load_balancer_of, location_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.access import Access
from elbv2_trafficrouter.routing.ports import Call, Elbv2
from elbv2_trafficrouter.routing.rule import Limits, SteeredRule

T = TypeVar("T")


class HeaderReads:
    def __init__(self, elbv2: Elbv2, access: Access, now: float, call: Call) -> None:
        self._elbv2 = elbv2
        self._access = access
        self._now = now
        self._call = call
        self._tags: dict[Arn, Mapping[str, str]] = {}
        self._answers: dict[object, Any] = {}

    def tags(self, rules: Collection[Arn]) -> Mapping[Arn, Mapping[str, str]]:
        """The tags of each of these rules; none for a rule that does not exist."""
        if new := [arn for arn in rules if arn not in self._tags]:
            found = self._once("tags", frozenset(new), lambda: self._elbv2.tags.read(new, self._call))
            self._tags |= {arn: found.get(arn, {}) for arn in new}
        return {arn: self._tags[arn] for arn in rules}

    def require_steerable(self, steered: Sequence[SteeredRule]) -> None:
        """Raises what `Access.require_steerable` raises."""
        rules = tuple(each.rule for each in steered)
        self._once("access", rules, lambda: self._access.require_steerable(steered, self._call))

    def limits(self, listener: Arn) -> Limits:
        """The quotas of the listener's account and region."""
        where = location_of(listener)
        return self._once("limits", where, lambda: self._elbv2.limits.read(listener, self._call))

    def count_rules_beside(self, listener: Arn, listeners: Collection[Arn]) -> int:
        """The number of rules on the listener's load balancer, without default actions and without these
        listeners' rules.
        """

        def count() -> int:
            others = self._elbv2.listeners.read_beside(listener, self._call) - set(listeners)
            rules = self._elbv2.rules.read(others, self._now, self._call).rules.values()
            return sum(rule.priority is not None for rule in rules)

        return self._once("rules", load_balancer_of(listener), count)

    def _once(self, what: str, about: object, read: Callable[[], T]) -> T:
        key = (what, about)
        if key not in self._answers:
            try:
                self._answers[key] = read()
            except Problem as problem:
                self._answers[key] = problem
        answer = self._answers[key]
        if isinstance(answer, Problem):
            raise answer
        read_answer: T = answer
        return read_answer
