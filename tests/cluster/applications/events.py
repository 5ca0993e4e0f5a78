"""The Rollout's events about weights that could not be set."""

from cluster.applications.petclinic import Petclinic
from cluster.process import wait_until
from elbv2_trafficrouter.errors import Problem


def event_text(problem: Problem) -> str:
    """The text of the event with which Argo Rollouts reports this problem."""
    return f"TrafficRoutingError: failed to set weight via plugin: {problem.kind.name}: {problem.sentence}"


def wait_for_event(clinic: Petclinic, problem: Problem) -> None:
    """Waits until the problem was reported more than twice, in one event. Fails if there is another event."""
    text = event_text(problem)
    assert "%" not in text

    def again() -> bool:
        events = dict(clinic.counted_events())
        assert set(events) <= {text}
        return events.get(text, 0) > 2

    wait_until(again, f"there were events: {text}")
