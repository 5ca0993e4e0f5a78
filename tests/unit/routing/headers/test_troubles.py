"""What went wrong with header routes, and what VerifyWeight and RemoveManagedRoutes report of it."""

from fractions import Fraction

import pytest

from elbv2_trafficrouter.errors.aws import NotAllowed
from elbv2_trafficrouter.errors.managed_routes import HeaderRouteMissing
from elbv2_trafficrouter.routing.headers.troubles import Troubles
from elbv2_trafficrouter.routing.ownership import Installation, Owner
from support.router.runtime import Runtime

WAS = Owner(Installation(), "petclinic", "was", "0b2f")
SHOP = Owner(Installation(), "petclinic", "shop", "0b30")
MISSING = HeaderRouteMissing("beta", "rule")
REFUSED = NotAllowed("elasticloadbalancing:DeleteRule", "rule", "no")
STEP = Fraction(1, 4)


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def troubles(runtime: Runtime) -> Troubles:
    return Troubles(runtime)


def test_a_missing_rule_is_reported_until_there_is_none(troubles: Troubles) -> None:
    troubles.record_missing(WAS, MISSING)
    assert (troubles.of_verification(WAS, STEP), troubles.of_verification(SHOP, STEP)) == (MISSING, None)
    troubles.record_missing(WAS, None)
    assert troubles.of_verification(WAS, STEP) is None


@pytest.mark.parametrize(
    ("share", "matters"),
    [pytest.param(STEP, True, id="at a step"), pytest.param(Fraction(1), False, id="at the maximum")],
)
def test_promotion_does_not_wait_for_a_header_route(
    troubles: Troubles, share: Fraction, matters: bool
) -> None:
    troubles.record_missing(WAS, MISSING)
    assert (troubles.of_verification(WAS, share) is not None) is matters


@pytest.mark.parametrize(
    ("share", "matters"),
    [pytest.param(Fraction(0), True, id="at 0"), pytest.param(STEP, False, id="in an update")],
)
def test_a_rule_that_was_left_behind_is_reported_while_the_canary_has_no_share(
    troubles: Troubles, share: Fraction, matters: bool
) -> None:
    troubles.record_failed_removal(WAS, REFUSED)
    assert troubles.of_verification(WAS, share) is (REFUSED if matters else None)
    troubles.forget_failed_removal(WAS)
    assert troubles.of_verification(WAS, share) is None


def test_a_failed_removal_is_recent_for_3_s(troubles: Troubles, runtime: Runtime) -> None:
    assert troubles.of_recent_removal(WAS) is None
    troubles.record_failed_removal(WAS, REFUSED)
    runtime.seconds += 2.9
    assert troubles.of_recent_removal(WAS) is REFUSED
    runtime.seconds += 0.1
    assert troubles.of_recent_removal(WAS) is None
    assert troubles.of_verification(WAS, Fraction(0)) is REFUSED


def test_a_rollout_without_calls_is_forgotten_after_an_hour(troubles: Troubles, runtime: Runtime) -> None:
    troubles.record_missing(WAS, MISSING)
    troubles.record_failed_removal(WAS, REFUSED)
    for _ in range(24):
        runtime.seconds += 3600
        assert troubles.of_verification(WAS, STEP) is MISSING
    runtime.seconds += 3601
    assert troubles.of_verification(WAS, STEP) is None
    assert len(troubles) == 0


def test_a_recorded_problem_keeps_nothing_of_its_call(troubles: Troubles) -> None:
    """A traceback holds the request, which may be a megabyte."""

    def fail() -> None:
        raise HeaderRouteMissing("beta", "rule") from KeyError("cause")

    def raised() -> HeaderRouteMissing:
        with pytest.raises(HeaderRouteMissing) as caught:
            fail()
        return caught.value

    troubles.record_missing(WAS, raised())
    troubles.record_failed_removal(SHOP, raised())
    for problem in (troubles.of_verification(WAS, STEP), troubles.of_recent_removal(SHOP)):
        assert problem is not None
        assert (problem.__traceback__, problem.__cause__, problem.__context__) == (None, None, None)
