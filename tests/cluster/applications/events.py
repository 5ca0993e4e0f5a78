"""What a Rollout's event tells of weights that could not be set."""

from cluster.applications.petclinic import Petclinic
from cluster.process import wait_until
from elbv2_trafficrouter.errors import Problem


def event_text(problem: Problem) -> str:
    """The event's words, the first of them Argo Rollouts'."""
    return f"TrafficRoutingError: failed to set weight via plugin: {problem.kind.name}: {problem.sentence}"


def wait_for_event(clinic: Petclinic, problem: Problem) -> None:
    """Until it was told more than once: in one event, with these words."""
    words = event_text(problem)
    assert "%" not in words

    def again() -> bool:
        events = dict(clinic.counted_events())
        assert set(events) <= {words}
        return events.get(words, 0) > 2

    wait_until(again, f"it was told: {words}")
