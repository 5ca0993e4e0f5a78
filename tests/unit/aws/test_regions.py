"""Requests go only to the regions that the operator allows, or to the sidecar's own."""

from pathlib import Path

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.regions import AllowedRegions
from elbv2_trafficrouter.errors import Kind
from elbv2_trafficrouter.errors.rules import RegionNotAllowed


def listener(partition: str, region: str) -> Arn:
    return Arn(f"arn:{partition}:elasticloadbalancing:{region}:123456789012:listener/app/petclinic/50dc/9f2a")


IRELAND, FRANKFURT = listener("aws", "eu-west-1"), listener("aws", "eu-central-1")
BEIJING = listener("aws-cn", "cn-north-1")
FORGED = listener("aws-cn", "eu-west-1")


def allows(regions: AllowedRegions, arn: Arn) -> bool:
    try:
        regions.require_allowed(arn)
    except RegionNotAllowed:
        return False
    return True


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The sidecar's shared configuration file, which does not exist yet."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.mark.parametrize(
    ("regions", "allowed"),
    [
        pytest.param(("eu-west-1",), {IRELAND}, id="one"),
        pytest.param(("eu-west-1", "eu-central-1"), {IRELAND, FRANKFURT}, id="two"),
        pytest.param(("cn-north-1",), {BEIJING}, id="another partition"),
        pytest.param((), {IRELAND, FRANKFURT, BEIJING, FORGED}, id="none, and none configured"),
    ],
)
def test_regions_of_the_operator(regions: tuple[str, ...], allowed: set[Arn]) -> None:
    some = AllowedRegions(regions)
    assert {arn for arn in (IRELAND, FRANKFURT, BEIJING, FORGED) if allows(some, arn)} == allowed


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_of_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "eu-west-1")
    assert allows(AllowedRegions(()), IRELAND)
    assert not allows(AllowedRegions(()), FRANKFURT)
    assert allows(AllowedRegions(("eu-central-1",)), FRANKFURT)


def test_the_region_of_the_profile_is_the_default(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    config.write_text("[profile router]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_PROFILE", "router")
    regions = AllowedRegions(())
    assert allows(regions, IRELAND)
    assert not allows(regions, FRANKFURT)


def test_a_configuration_that_is_corrected_later_counts_from_then_on(
    monkeypatch: pytest.MonkeyPatch, config: Path
) -> None:
    """Until then nothing can be sent, because no client can be created with it."""
    monkeypatch.setenv("AWS_PROFILE", "router")
    regions = AllowedRegions(())
    assert allows(regions, FRANKFURT)
    config.write_text("[profile router]\nregion = eu-west-1\n")
    assert not allows(regions, FRANKFURT)


def test_a_region_that_botocore_does_not_know_yet_is_in_the_main_partition() -> None:
    assert allows(AllowedRegions(("xx-moon-1",)), listener("aws", "xx-moon-1"))


def test_the_sentence_says_what_the_operator_can_change() -> None:
    with pytest.raises(RegionNotAllowed) as caught:
        AllowedRegions(("eu-west-1", "eu-central-1")).require_allowed(BEIJING)
    assert caught.value.kind is Kind.PERMISSION_DENIED
    assert caught.value.sentence == (
        "listener/app/petclinic/50dc/9f2a is in cn-north-1 (account 123456789012, partition aws-cn), but "
        "this sidecar sends requests only to eu-central-1 (partition aws) or eu-west-1 (partition aws). Name "
        "a rule there, or add the region to the sidecar's --regions (ELBV2_TRAFFICROUTER_REGIONS)."
    )
