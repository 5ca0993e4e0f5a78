"""The pages' commands for a cluster, as they are written there, against a real API server.

tests/docs/test_commands.py runs those that need none.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster import programs
from cluster.argo import NAMESPACE
from cluster.control_plane.kubernetes import Kubernetes, kubernetes
from cluster.demo.shell import for_kubectl
from cluster.process import wait_until
from cluster.world import World, world
from support.docs.pages import PAGES
from support.manifest import CONTROLLER, INSTALLER, KUSTOMIZE, ROOT, SIDECAR, Object, containers_of
from support.router.petclinic import Petclinic, petclinic

UPSTREAM = programs.rollouts(programs.NEWEST).directory / "files" / "install.yaml"
SOCKET = Path("/tmp/router.sock")  # noqa: S108  the page's own

# What a block or a line begins with, and why it is not run here.
LEFT_OUT = {
    "make image": "needs root; .ci/run runs it",
    "buildah push": "needs a registry",
    "kubectl -n argo-rollouts logs ": "needs a kubelet",
    "aws elbv2 add-tags": "needs AWS, and a rule there",
    "sed -i 's/arn:aws:": "needs no cluster; a test of docs/permissions.md runs it",
    "cd tests": "needs no cluster; a test of docs/reliability.md runs it",
    "../.venv/bin/python -m attack.": "as above",
}


def blocks() -> list[str]:
    """Console blocks, and single commands in the text, of all pages; the same block twice is one."""
    fenced = [block for page in PAGES for block in page.blocks("console")]
    in_the_text = [text for page in PAGES for text in re.findall(r"`((?:kubectl|helm) [^`\n]+)`", page.prose)]
    return list(dict.fromkeys([*fenced, *in_the_text]))


def the_one_with(text: str) -> str:
    (found,) = (block for block in blocks() if text in block)
    return found


INSTALL = the_one_with("apply --server-side -k deploy/kustomize")
BY_HAND = the_one_with("patch deployment")
CHECK = the_one_with("rollout status")
RESTART = the_one_with("rollout restart")
APPLY = the_one_with("apply -f deploy/examples/petclinic")
CANARY = the_one_with("set image was ")
STEER = the_one_with(str(SOCKET))


def test_every_command_is_run_here_or_left_out_for_a_reason() -> None:
    run_here = {INSTALL, BY_HAND, CHECK, RESTART, APPLY, CANARY, STEER}
    others = [line for block in blocks() if block not in run_here for line in block.splitlines()]
    assert [line for line in others if not line.startswith(tuple(LEFT_OUT))] == []
    assert [start for start in LEFT_OUT if not any(line.startswith(start) for line in others)] == []


def shell(commands: str, directory: Path, cluster: Kubernetes) -> str:
    """What they print, run in this directory by this cluster's administrator."""
    own = {"HOME": str(directory), **for_kubectl(cluster)}
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=directory,
        env=own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def tree(directory: Path) -> Path:
    """A copy of what the commands read, with upstream's manifest from a file instead of the network."""
    shutil.copytree(ROOT / "deploy", directory / "deploy")
    file = directory / KUSTOMIZE.relative_to(ROOT) / "kustomization.yaml"
    shutil.copyfile(UPSTREAM, file.with_name("install.yaml"))
    text = file.read_text()
    (url,) = re.findall(rf"https://\S+/{re.escape(programs.NEWEST)}/install\.yaml", text)
    file.write_text(text.replace(url, "install.yaml"))
    return directory


@contextmanager
def roomy(directory: Path) -> Iterator[Kubernetes]:
    """A cluster whose nodes have room for the controller's pod: kwok's say nothing of ephemeral storage."""
    room = {"ephemeral-storage": "8Gi"}
    with kubernetes(directory) as cluster:
        for node in cluster.kubectl("get", "nodes", "-o", "name").split():
            patch = json.dumps({"status": {"capacity": room, "allocatable": room}})
            cluster.kubectl("patch", node, "--subresource=status", "-p", patch)
        yield cluster


def deployed(cluster: Kubernetes) -> tuple[Object, Object]:
    """Pod template and plugins, as the API server has them."""
    template: Object = cluster.get("deployment", CONTROLLER, NAMESPACE)["spec"]["template"]
    return template, cluster.get("configmap", "argo-rollouts-config", NAMESPACE)["data"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Object, Object]:
    """What the first way brings into the cluster."""
    directory = tree(tmp_path_factory.mktemp("installed"))
    with roomy(directory) as cluster:
        shell(INSTALL, directory, cluster)
        assert "successfully rolled out" in shell(CHECK, directory, cluster)
        found = deployed(cluster)
        shell(RESTART, directory, cluster)
        assert deployed(cluster) != found, "a new pod"
        assert "successfully rolled out" in shell(CHECK, directory, cluster)
    return found


def test_the_installation_has_the_router_in_the_controller_s_pod(installed: tuple[Object, Object]) -> None:
    template, config = installed
    assert {SIDECAR, INSTALLER, CONTROLLER} == set(containers_of(template))
    assert "trafficrouter/elbv2" in config["trafficRouterPlugins"]


def test_by_hand_it_becomes_the_same(installed: tuple[Object, Object], tmp_path: Path) -> None:
    directory = tree(tmp_path)
    with roomy(directory) as cluster:
        cluster.kubectl("create", "namespace", NAMESPACE)
        cluster.kubectl("apply", "--server-side", "-n", NAMESPACE, "-f", UPSTREAM)
        shell(BY_HAND, directory, cluster)
        assert deployed(cluster) == installed
        assert "successfully rolled out" in shell(CHECK, directory, cluster)


@dataclass(frozen=True, slots=True)
class Applied:
    """The example with the ARNs of this balancer, in a world of its own: its namespace is `petclinic`."""

    world: World
    balancer: Petclinic
    tree: Path

    def shell(self, commands: str) -> str:
        return shell(commands, self.tree, self.world.cluster)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    directory = tree(tmp_path_factory.mktemp("applied"))
    with world(directory) as running:
        balancer = petclinic(running.endpoint)
        arns = {
            "listener-rule/": balancer.rule,
            "targetgroup/was-stable/": balancer.stable,
            "targetgroup/was-canary/": balancer.canary,
        }
        for file in (directory / "deploy" / "examples").rglob("*.yaml"):
            text = file.read_text()
            for beginning, arn in arns.items():
                text = re.sub(rf"arn:aws:\S+:{beginning}\S+", arn, text)
            file.write_text(text)
        example = Applied(running, balancer, directory)
        assert "Healthy" in example.shell(APPLY)
        yield example


def test_a_weight_set_by_hand_is_in_the_rule(applied: Applied) -> None:
    SOCKET.symlink_to(applied.world.argo.socket)
    try:
        answer = json.loads(applied.shell(STEER))
    finally:
        SOCKET.unlink()
    (rule,) = answer["rules"]
    assert rule["ruleArn"] == applied.balancer.rule
    assert {one["arn"]: one["weight"] for one in rule["targetGroups"]} == {
        applied.balancer.stable: 75,
        applied.balancer.canary: 25,
    }
    assert applied.balancer.weights() == {"stable": 75, "canary": 25}


def test_a_canary_is_seen_in_its_rollout_and_its_events(applied: Applied) -> None:
    seen = ""

    def is_seen() -> bool:
        nonlocal seen
        # The same image again changes nothing.
        seen = applied.shell(CANARY)
        return bool(re.search(r"^  ActualWeight: +10$", seen, re.MULTILINE)) and "updated from" in seen

    wait_until(is_seen, "it was seen")
    assert applied.balancer.weights() == {"stable": 90, "canary": 10}
    assert re.search(r"TrafficWeightUpdated .*Traffic weight updated from \d+ to 10$", seen, re.MULTILINE)
