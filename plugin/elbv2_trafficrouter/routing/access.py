"""Which rules the router may change: those that no controller in Kubernetes manages.

The AWS Load Balancer Controller makes the rules of its listeners match the Ingresses whenever one of their
Services changes, and Argo Rollouts changes Services in every rollout: weights that somebody else wrote would
be reverted in mid-rollout. EKS Auto Mode does the same. Both tag what they create. The tags of a rule, its
listener, its load balancer and its target groups are read in one request and kept for a minute, whatever
they are:

    unknown --read--> TAGS (managed or not) --a minute after the read--> unknown
       |---failed read--> unknown: nothing is written
       `---the response lacks a rule, listener or load balancer--> unknown: nothing is written

If any of a Rollout's resources is unknown, all of them are read: they then expire together, and the Rollout
costs one request a minute. Any thread can ask, with or without a listener's lock. Calls that ask at the same
time may both read. A restart loses everything: the next write reads the tags first. The entries of deleted
resources expire after a minute.
"""

from collections.abc import Iterable, Mapping

from elbv2_trafficrouter.arn import Arn, is_target_group, load_balancer_of
from elbv2_trafficrouter.errors.rules import ListenerNotFound, ManagedByController, RuleNotFound
from elbv2_trafficrouter.routing.expiring import Expiring
from elbv2_trafficrouter.routing.ports import Call, Runtime, Tags
from elbv2_trafficrouter.routing.rule import SteeredRule

KEPT_SECONDS = 60.0

_LOAD_BALANCER_CONTROLLER = "The AWS Load Balancer Controller"
_AUTO_MODE = "EKS Auto Mode"
_CLUSTER_KEY = "elbv2.k8s.aws/cluster"
# The tag eks:eks-cluster-name is no sign: EKS Auto Mode requires it on target groups that it does not create.
_CONTROLLERS = {
    "ingress.k8s.aws/": _LOAD_BALANCER_CONTROLLER,
    "service.k8s.aws/": _LOAD_BALANCER_CONTROLLER,
    "gateway.k8s.aws/": _LOAD_BALANCER_CONTROLLER,
    "gateway.k8s.aws.alb/": _LOAD_BALANCER_CONTROLLER,
    "gateway.k8s.aws.nlb/": _LOAD_BALANCER_CONTROLLER,
    "ingress.eks.amazonaws.com/": _AUTO_MODE,
    "service.eks.amazonaws.com/": _AUTO_MODE,
}
"""Who sets tags whose keys begin like this."""


class Access:
    def __init__(self, tags: Tags, runtime: Runtime) -> None:
        self._tags = tags
        self._known: Expiring[Arn, Mapping[str, str]] = Expiring(runtime, KEPT_SECONDS)

    def require_steerable(self, steered: Iterable[SteeredRule], call: Call) -> None:
        """Raises ManagedByController if a controller manages a rule, its listener or its load balancer.

        Target groups may have such tags: a controller may register the pods in a group whose rule it does not
        manage. If the tags can't be read, raises the Problem of the read, RuleNotFound or ListenerNotFound.
        """
        rules = tuple(steered)
        tags = self._read(rules, call)
        for each in rules:
            for arn in _containers(each):
                for key in sorted(tags[arn]):
                    if controller := _controller_of(key):
                        raise ManagedByController(each.rule, arn, controller, key)

    def __len__(self) -> int:
        """The number of resources whose tags are known."""
        return len(self._known)

    def _read(self, steered: tuple[SteeredRule, ...], call: Call) -> Mapping[Arn, Mapping[str, str]]:
        """The tags of these rules, of what contains them, and of their target groups."""
        wanted = frozenset[Arn]().union(*({*_containers(each), *each.our_groups} for each in steered))
        known = self._known.copy(wanted)
        if known.keys() >= wanted:
            return known
        found = self._tags.read(wanted, call)
        # A group that does not exist is kept as well: a loop of failing calls would read it each time.
        read = {arn: found.get(arn, {}) for arn in wanted if arn in found or is_target_group(arn)}
        for arn, tags in read.items():
            self._known.put(arn, tags)
        for each in steered:
            if not read.keys() >= {load_balancer_of(each.listener), each.listener}:
                raise ListenerNotFound(each.listener)
            if each.rule not in read:
                raise RuleNotFound(each.rule)
        return read


def _containers(steered: SteeredRule) -> tuple[Arn, ...]:
    """The rule and what contains it, beginning with the load balancer, which decides about all its rules."""
    return load_balancer_of(steered.listener), steered.listener, steered.rule


def _controller_of(key: str) -> str | None:
    """The controller that sets tags with this key; None if none of those does."""
    if key == _CLUSTER_KEY:
        return _LOAD_BALANCER_CONTROLLER
    prefix, slash, _ = key.partition("/")
    return _CONTROLLERS.get(prefix + slash)
