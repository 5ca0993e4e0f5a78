"""The controller's pod as deploy/kustomize renders it."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from support.manifest import (
    CONTROLLER,
    INSTALLER,
    KUSTOMIZE,
    ROOT,
    SIDECAR,
    UPSTREAM,
    Object,
    container,
    containers_of,
    named,
    objects_of,
    plugin,
    pod,
    rendered,
    rollout_schema,
    unknown_fields,
)


def spec() -> Object:
    described: Object = pod()["spec"]
    return described


def mounts(name: str) -> dict[str, Object]:
    return {mount["name"]: mount for mount in container(name)["volumeMounts"]}


def test_the_bridge_is_installed_first_and_the_sidecar_runs_beside_the_controller() -> None:
    assert [each["name"] for each in spec()["initContainers"]] == [INSTALLER, SIDECAR]
    assert [each["name"] for each in spec()["containers"]] == [CONTROLLER]
    assert "restartPolicy" not in container(INSTALLER)
    assert container(SIDECAR)["restartPolicy"] == "Always"


def test_both_containers_use_one_image_which_the_operator_names_once() -> None:
    image = "registry.example.com/elbv2-trafficrouter:0.1.0"
    assert [container(name)["image"] for name in (INSTALLER, SIDECAR)] == [image, image]


def test_the_probes_of_the_sidecar_do_not_decide_whether_the_controller_is_ready() -> None:
    probes = {key for key in container(SIDECAR) if key.endswith("Probe")}
    assert probes == {"startupProbe", "livenessProbe"}
    assert container(SIDECAR)["startupProbe"]["exec"] == container(SIDECAR)["livenessProbe"]["exec"]


@pytest.mark.parametrize("kind", ["startupProbe", "livenessProbe"])
def test_a_probe_ends_before_the_kubelet_times_out(kind: str) -> None:
    probe = container(SIDECAR)[kind]
    words = probe["exec"]["command"]
    assert int(words[words.index("--timeout") + 1].removesuffix("s")) < probe["timeoutSeconds"]


def test_only_the_sidecar_and_the_controller_mount_the_socket() -> None:
    assert [name for name in containers_of(pod()) if "router-socket" in mounts(name)] == [SIDECAR, CONTROLLER]
    assert {"name": "router-socket", "emptyDir": {}} in spec()["volumes"]


@pytest.mark.parametrize(
    ("volume", "writer"),
    [("bridge", INSTALLER), ("router-socket", SIDECAR)],
)
def test_the_controller_mounts_the_bridge_and_the_socket_read_only(volume: str, writer: str) -> None:
    assert mounts(CONTROLLER)[volume]["readOnly"]
    assert not mounts(writer)[volume].get("readOnly")
    assert mounts(CONTROLLER)[volume]["mountPath"] == mounts(writer)[volume]["mountPath"]


def test_all_containers_run_as_one_user_and_group() -> None:
    security = spec()["securityContext"]
    assert [security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")] == [999, 999, 999]
    for each in containers_of(pod()).values():
        assert not {"runAsUser", "runAsGroup"} & each["securityContext"].keys()


def test_only_the_sidecar_gets_aws_credentials() -> None:
    skipped = pod()["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"].split(",")
    assert containers_of(pod()).keys() - set(skipped) == {SIDECAR}


def test_every_root_file_system_is_read_only() -> None:
    assert all(each["securityContext"]["readOnlyRootFilesystem"] for each in containers_of(pod()).values())


@pytest.mark.parametrize("name", [INSTALLER, SIDECAR])
def test_the_router_requests_cpu_and_memory_and_limits_only_memory(name: str) -> None:
    resources = container(name)["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    assert resources["limits"].keys() == {"memory"}


def test_every_field_of_the_pod_exists() -> None:
    schema = rollout_schema()["properties"]["spec"]["properties"]["template"]["properties"]["spec"]
    assert list(unknown_fields(spec(), schema)) == []
    broken = copy.deepcopy(spec())
    broken["initContainers"][1]["livenessProbe"]["periodSecond"] = 1
    assert list(unknown_fields(broken, schema)) == [".initContainers[1].livenessProbe.periodSecond"]


def test_the_upstream_controller_keeps_all_its_settings() -> None:
    upstream = named(tuple(objects_of(UPSTREAM.read_text(), "Deployment")), "Deployment", CONTROLLER)
    assert missing(upstream, named(rendered(), "Deployment", CONTROLLER)) == []


def missing(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Paths of the values that `found` lacks. Lists in `found` may have more items."""
    match wanted, found:
        case dict(), dict():
            gone = [f"{path}.{key}" for key in wanted.keys() - found.keys()]
            kept = wanted.keys() & found.keys()
            return gone + [m for key in kept for m in missing(wanted[key], found[key], f"{path}.{key}")]
        case list(), list():
            return [path for item in wanted if all(missing(item, other) for other in found)]
    return [] if wanted == found else [path]


def test_the_installed_argo_rollouts_has_the_version_that_the_bridge_is_built_with() -> None:
    required = (ROOT / "plugin" / "bridge" / "go.mod").read_text()
    (version,) = (
        line.split()[1] for line in required.splitlines() if "github.com/argoproj/argo-rollouts " in line
    )
    assert f"/{version}/install.yaml" in (KUSTOMIZE / "kustomization.yaml").read_text()


def test_the_plugins_entry_has_no_checksum_to_maintain() -> None:
    assert plugin().keys() == {"name", "location", "args"}


def test_without_the_config_component_the_configmap_stays_unchanged() -> None:
    config = named(rendered("pod"), "ConfigMap", "argo-rollouts-config")
    assert "data" not in config
    assert INSTALLER in containers_of(named(rendered("pod"), "Deployment", CONTROLLER)["spec"]["template"])


def restricted_violations(template: Object) -> Iterator[str]:
    """What the Pod Security Standard "restricted", including "baseline", rejects in a Linux pod."""
    described = template["spec"]
    pod_security = described.get("securityContext", {})
    if any(described.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        yield "host namespaces"
    volume_types = {key for volume in described["volumes"] for key in volume} - {"name"}
    if volume_types - {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"),
        *("projected", "secret"),
    }:
        yield "volume types"
    if any(key.startswith("container.apparmor") for key in template["metadata"].get("annotations", {})):
        yield "AppArmor"
    if pod_security.get("sysctls"):
        yield "sysctls"
    for name, found in containers_of(template).items():
        own = found.get("securityContext", {})
        security = {**pod_security, **own}
        capabilities = own.get("capabilities", {})
        handlers = [found[key] for key in found if key.endswith("Probe")] + list(
            found.get("lifecycle", {}).values()
        )
        refused = {
            "privileged": own.get("privileged", False),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
            "capabilities": capabilities.get("drop") != ["ALL"]
            or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"},
            "runAsNonRoot": security.get("runAsNonRoot") is not True,
            "runAsUser": security.get("runAsUser") == 0,
            "seccompProfile": security.get("seccompProfile", {}).get("type")
            not in {"RuntimeDefault", "Localhost"},
            "procMount": own.get("procMount", "Default") != "Default",
            "seLinuxOptions": security.get("seLinuxOptions"),
            "appArmorProfile": security.get("appArmorProfile", {}).get("type") == "Unconfined",
            "windowsOptions": security.get("windowsOptions"),
            "hostPort": any(port.get("hostPort") for port in found.get("ports", [])),
            "probe host": any(
                handler.get(way, {}).get("host") for handler in handlers for way in ("httpGet", "tcpSocket")
            ),
        }
        yield from (f"{name}: {what}" for what, is_so in refused.items() if is_so)


def test_the_pod_meets_the_restricted_pod_security_standard() -> None:
    assert list(restricted_violations(pod())) == []


@pytest.mark.parametrize("name", [INSTALLER, SIDECAR, CONTROLLER])
@pytest.mark.parametrize("key", ["allowPrivilegeEscalation", "capabilities", "seccompProfile"])
def test_each_container_needs_its_own_security_context(name: str, key: str) -> None:
    weakened = copy.deepcopy(pod())
    del containers_of(weakened)[name]["securityContext"][key]
    assert list(restricted_violations(weakened)) == [f"{name}: {key}"]


def test_without_run_as_non_root_every_container_violates_the_standard() -> None:
    weakened = copy.deepcopy(pod())
    del weakened["spec"]["securityContext"]["runAsNonRoot"]
    assert len(list(restricted_violations(weakened))) == 3
