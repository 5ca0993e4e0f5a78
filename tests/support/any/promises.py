"""What must hold after any call, by name: a failed check says which promise was broken."""

from enum import Enum


class Promise(Enum):
    OTHERS_UNCHANGED = (
        "A call changes nothing that belongs to others, and no share of a foreign target group."
    )
    DOCUMENTED = "A call relies on nothing that AWS does not document."
    REFUSED_UNCHANGED = "A call that is refused changes nothing."
    REPEATED_UNCHANGED = "The same call again changes nothing and gives the same answer."
    VERIFICATION_READS = "VerifyWeight changes nothing."
    RULES_KEPT = "SetWeight keeps a route's rules, unless it creates the route's rule again in the same call."
    CREATED_WHEN_ALLOWED = "Rules are created only during an update, and while the canary has pods."
    MISSING_REPORTED = "VerifyWeight reports that the rule of a route is missing."
    OTHER_ROUTES_KEPT = "SetHeaderRoute leaves the rules of other routes as they are."
    ONE_RULE = "SetHeaderRoute gives the route one rule, or none without matches, and answers with it."
    FORM = "A header rule does the same as the named rule, for the route's requests, and to the canary."
    POSITION = "A header rule takes requests from the named rule alone."
    ORDER = "The header rules are in the order of managedRoutes where the gap had room for all names."
    ALL_REMOVED = "RemoveManagedRoutes deletes all header rules of the Rollout and answers with them."


class PromiseBrokenError(AssertionError):
    def __init__(self, promise: Promise, detail: object) -> None:
        super().__init__(f"{promise.name}: {promise.value} {detail}")
        self.promise = promise
