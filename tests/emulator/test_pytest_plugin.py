"""The pytest plugin, in a project of somebody else's."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

PROJECT = """
    import boto3
    import pytest

    urls = []

    @pytest.mark.parametrize("name", ["first", "second"])
    def test_each_has_an_emulator_of_its_own(elbv2_emulator, name):
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
    # Whether or not the installed package has its entry point, it is loaded once.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "elbv2_emulator.pytest_plugin", *arguments)


def test_a_test_that_names_the_fixture_has_an_emulator(project: pytest.Pytester) -> None:
    project.makepyfile(PROJECT)
    run(project, "-W", "error").assert_outcomes(passed=2)


def test_a_project_without_the_extra_hears_of_it_only_when_it_asks(project: pytest.Pytester) -> None:
    project.makepyfile(
        aiohttp="raise ModuleNotFoundError('no aiohttp')",
        test_project="""
            def test_that_does_not_ask(): ...
            def test_that_asks(elbv2_emulator): ...
        """,
    )
    result = run(project)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no aiohttp*elbv2-trafficrouter?emulator?*"])


def test_the_plugin_imports_nothing_large() -> None:
    code = (
        "import sys, elbv2_emulator.pytest_plugin; print({'aiohttp', 'botocore', 'boto3'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
