"""What each Rollout's last successful call requested. It decides how fresh the next call's read must be.

    unknown or another intent --a call for an intent begins--> unknown --it succeeds--> OK(intent)
    OK(intent) --an hour without a call--> unknown

There is a table for SetWeight and one for VerifyWeight. Argo Rollouts repeats both with every reconcile, in a
loop up to 86 times a second. A repeated intent may be compared with a read that began up to 2 s before the
call; every other intent needs a read that begins after the call. Any thread can ask. A restart loses
everything: each Rollout's next call then reads.
"""

from hashlib import blake2b

from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.expiring import UNUSED_SECONDS, Expiring
from elbv2_trafficrouter.routing.ports import REUSE_SECONDS, Runtime


class LastIntents:
    def __init__(self, runtime: Runtime) -> None:
        self._now = runtime.now
        self._digests: Expiring[tuple[str, str], bytes] = Expiring(runtime, UNUSED_SECONDS)

    def begin(self, intent: Intent) -> float:
        """The time since which a read must have begun to decide on this intent."""
        key = (intent.namespace, intent.rollout)
        if self._digests.get(key) == _digest(intent):
            return self._now() - REUSE_SECONDS
        self._digests.pop(key)
        return self._now()

    def record_success(self, intent: Intent) -> None:
        self._digests.put((intent.namespace, intent.rollout), _digest(intent))

    def __len__(self) -> int:
        return len(self._digests)


def _digest(intent: Intent) -> bytes:
    """Stands for the intent in the table: a Rollout's configuration can be large."""
    return blake2b(repr(intent).encode(), digest_size=16).digest()
