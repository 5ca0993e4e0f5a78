"""Whether the canary has pods, as far as the order of the controller's calls reveals it; nothing else does.

    UNKNOWN --RemoveManagedRoutes--> ABSENT --VerifyWeight--> PRESENT --RemoveManagedRoutes--> ABSENT
    UNKNOWN --VerifyWeight---------> PRESENT
    any --an hour without a call of the Rollout--> UNKNOWN

Argo Rollouts calls RemoveManagedRoutes before SetWeight while the canary has no available pod, and
VerifyWeight at the end of a reconcile. Any call of the Rollout records and asks, without a lock on its
listener: the last one counts. A restart loses all; while it is UNKNOWN, no lost rule is created again before
the next VerifyWeight.
"""

from enum import Enum, auto

from elbv2_trafficrouter.routing.expiring import UNUSED_SECONDS, Expiring
from elbv2_trafficrouter.routing.ownership import Owner
from elbv2_trafficrouter.routing.ports import Runtime


class Canary(Enum):
    UNKNOWN = auto()
    ABSENT = auto()
    """RemoveManagedRoutes was called in this reconcile: no pod is available, or the update is over."""
    PRESENT = auto()


class CanaryPods:
    def __init__(self, runtime: Runtime) -> None:
        self._canaries: Expiring[Owner, Canary] = Expiring(runtime, UNUSED_SECONDS)

    def record_absent(self, owner: Owner) -> None:
        self._canaries.put(owner, Canary.ABSENT)

    def record_present(self, owner: Owner) -> None:
        self._canaries.put(owner, Canary.PRESENT)

    def of(self, owner: Owner) -> Canary:
        return self._canaries.keep(owner) or Canary.UNKNOWN

    def __len__(self) -> int:
        return len(self._canaries)
