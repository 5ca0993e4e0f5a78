"""The pytest plugin, as another project uses it; and the package's imports on first use."""

import subprocess
import sys

import pytest

import elbv2_emulator
from elbv2_emulator.api.faults import Fault
from elbv2_emulator.emulator import Emulator

pytest_plugins = ["pytester"]

PROJECT = """
    import boto3
    import pytest

    urls = []

    @pytest.mark.parametrize("name", ["first", "second"])
    def test_each_test_has_its_own_emulator(elbv2_emulator, name):
        urls.append(elbv2_emulator.url)
        elbv2 = boto3.client(
            "elbv2",
            region_name="eu-west-1",
            endpoint_url=elbv2_emulator.url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-a-secret",
        )
        elbv2.create_load_balancer(Name=name, Subnets=["subnet-a", "subnet-b"])
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        assert balancer["LoadBalancerName"] == name
        assert [entry.action for entry in elbv2_emulator.journal.entries] == [
            "CreateLoadBalancer",
            "DescribeLoadBalancers",
        ]
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    # The plugin is loaded exactly once, whether or not the installed package has its entry point.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "elbv2_emulator.pytest_plugin", *arguments)


def test_a_test_that_requests_the_fixture_gets_an_emulator(project: pytest.Pytester) -> None:
    project.makepyfile(PROJECT)
    run(project, "-W", "error").assert_outcomes(passed=2)


def test_a_missing_extra_is_reported_only_when_the_fixture_is_requested(project: pytest.Pytester) -> None:
    project.makepyfile(
        aiohttp="raise ModuleNotFoundError('no aiohttp')",
        test_project="""
            def test_without_the_fixture(): ...
            def test_with_the_fixture(elbv2_emulator): ...
        """,
    )
    result = run(project)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no aiohttp*elbv2-trafficrouter?emulator?*"])


@pytest.mark.parametrize("module", ["elbv2_emulator", "elbv2_emulator.pytest_plugin"])
def test_importing_the_package_or_the_plugin_imports_nothing_large(module: str) -> None:
    code = f"import sys, {module}; print({{'aiohttp', 'botocore', 'boto3'}} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_the_package_has_the_names_that_a_program_needs() -> None:
    assert elbv2_emulator.Emulator is Emulator
    assert elbv2_emulator.Fault is Fault
    assert not hasattr(elbv2_emulator, "Emulators")
