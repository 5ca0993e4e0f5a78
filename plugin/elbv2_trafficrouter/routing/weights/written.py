"""All that a process remembers. Nothing here is needed for a right answer after a restart."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.errors.call import DeadlineExceeded
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.ports import Call, Mutex, Runtime
from elbv2_trafficrouter.routing.rule import ListenerRule
from elbv2_trafficrouter.routing.weights.plan import Plan


@dataclass(frozen=True, slots=True)
class Turn:
    """A call's place among those of its Rollout that are about the same."""

    namespace: str
    rollout: str
    about: str
    number: int


WEIGHTS = "SetWeight"
HEADERS = "SetHeaderRoute or RemoveManagedRoutes"


class Memory:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._guard = runtime.mutex()
        self._newest: dict[tuple[str, str, str], int] = {}
        self._mutexes: dict[Arn, Mutex] = {}
        self._written: dict[Arn, ListenerRule | None] = {}
        self._attached: set[tuple[Arn, Arn]] = set()

    def arrive(self, intent: Intent, about: str) -> Turn:
        """The next sequence number of the intent's Rollout."""
        with self._guarded():
            turn = self.newest(intent, about)
            turn = replace(turn, number=turn.number + 1)
            self._newest[turn.namespace, turn.rollout, about] = turn.number
            return turn

    def newest(self, intent: Intent, about: str) -> Turn:
        """The turn of the last one that arrived."""
        key = (intent.namespace, intent.rollout, about)
        return Turn(*key, self._newest.get(key, 0))

    def is_newest(self, turn: Turn) -> bool:
        return self._newest.get((turn.namespace, turn.rollout, turn.about), 0) == turn.number

    @contextmanager
    def holding(self, listeners: Iterable[Arn], call: Call) -> Iterator[None]:
        """Holds the mutex of each listener, taken in sorted order. Raises DeadlineExceeded."""
        with self._guarded():
            mutexes = [self._mutexes.setdefault(arn, self._runtime.mutex()) for arn in sorted(listeners)]
        with ExitStack() as held:
            for mutex in mutexes:
                if not mutex.acquire(timeout=max(0.0, call.seconds_left())):
                    raise DeadlineExceeded("another call to the same listener")
                held.callback(mutex.release)
            yield

    @property
    def written(self) -> dict[Arn, ListenerRule | None]:
        """Our last write to each rule; None where it was not answered. For who holds the rule's listener."""
        return self._written

    @contextmanager
    def writing(self, rule: Arn) -> Iterator[None]:
        """A write is sent in the block: nothing is known of the rule until AWS answers or refuses."""
        before = {rule: self._written[rule]} if rule in self._written else {}
        self._written[rule] = None
        try:
            yield
        except OutcomeUnknown:
            raise
        except Problem:
            del self._written[rule]
            self._written |= before
            raise

    def answered(self, rule: ListenerRule) -> None:
        self._written[rule.arn] = rule

    def saw(self, plan: Plan) -> None:
        """The rules of a plan that is done have these groups attached."""
        self._attached |= {(rule.arn, forward.group) for rule in plan.rules for forward in rule.forwards}

    def has_seen(self, rule: Arn, groups: Iterable[Arn]) -> bool:
        return all((rule, group) in self._attached for group in groups)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        self._guard.acquire()
        try:
            yield
        finally:
            self._guard.release()
