"""What went wrong with a Rollout's header routes, kept for the calls that can report it.

    SetWeight:            nothing --a rule could not be created--> MISSING(problem) --all are there--> nothing
    RemoveManagedRoutes:  nothing --a rule could not be deleted--> LEFT_BEHIND(problem, when)
                          LEFT_BEHIND --all are deleted, or wanted again--> nothing
    any --an hour without a call of the Rollout--> nothing

SetWeight and RemoveManagedRoutes record while they hold the lock of the Rollout's listener; VerifyWeight asks
without it. A restart loses all: the next SetWeight or RemoveManagedRoutes finds the trouble again.
"""

from fractions import Fraction

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.expiring import UNUSED_SECONDS, Expiring
from elbv2_trafficrouter.routing.ownership import Owner
from elbv2_trafficrouter.routing.ports import Runtime

REMOVAL_RESTS_SECONDS = 3.0
"""After a failure. AWS grants an account three writes a second; the loop of an abort asks far more often."""


class Troubles:
    def __init__(self, runtime: Runtime) -> None:
        self._now = runtime.now
        self._missing: Expiring[Owner, Problem] = Expiring(runtime, UNUSED_SECONDS)
        self._left_behind: Expiring[Owner, tuple[float, Problem]] = Expiring(runtime, UNUSED_SECONDS)

    def record_missing(self, owner: Owner, problem: Problem | None) -> None:
        """Why a SetWeight could not create a rule again; None if all rules are there."""
        if problem is None:
            self._missing.pop(owner)
        else:
            self._missing.put(owner, problem.without_context())

    def record_failed_removal(self, owner: Owner, problem: Problem) -> None:
        self._left_behind.put(owner, (self._now(), problem.without_context()))

    def forget_failed_removal(self, owner: Owner) -> None:
        """All rules are deleted, or wanted again."""
        self._left_behind.pop(owner)

    def of_verification(self, owner: Owner, canary_share: Fraction) -> Problem | None:
        """What keeps the canary's share from being verified, so that the controller asks again.

        A rule that was left behind matters at 0 only: during an update it may be wanted again. At 1,
        nothing matters: promotion does not wait for header routes.
        """
        if canary_share == 1:
            return None
        missing, left_behind = self._missing.keep(owner), self._left_behind.keep(owner)
        if missing is not None:
            return missing
        return left_behind[1] if left_behind is not None and canary_share == 0 else None

    def of_recent_removal(self, owner: Owner) -> Problem | None:
        """Why the last removal failed, if it did a moment ago: the next one waits that long."""
        failed_at, problem = self._left_behind.keep(owner) or (float("-inf"), None)
        if problem is None or self._now() - failed_at >= REMOVAL_RESTS_SECONDS:
            return None
        return problem.without_context()

    def __len__(self) -> int:
        return len(self._missing) + len(self._left_behind)
