"""What deploy/kustomize installs, as the real kustomize renders it."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
KUSTOMIZE = ROOT / "deploy" / "kustomize"
UPSTREAM = BUILD / "install.yaml"  # of the Go module that the bridge is built with
CONTROLLER, INSTALLER, SIDECAR = "argo-rollouts", "install-bridge", "elbv2-trafficrouter"

Object = dict[str, Any]


@cache
def rendered(*components: str) -> tuple[Object, ...]:
    """The objects that `kubectl apply -k deploy/kustomize` sends, except custom resource definitions.

    Only these components are applied, if any are named. Upstream's manifest is read from build/.
    """
    with tempfile.TemporaryDirectory() as directory:
        copy = shutil.copytree(KUSTOMIZE, Path(directory) / "kustomize")
        shutil.copy(UPSTREAM, copy / "install.yaml")
        file = copy / "kustomization.yaml"
        kustomization = msgspec.yaml.decode(file.read_text())
        kustomization["resources"] = ["install.yaml"]
        kustomization["components"] = list(components) or kustomization["components"]
        file.write_bytes(msgspec.yaml.encode(kustomization))
        manifest = subprocess.run(
            [BUILD / "kustomize", "build", copy], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    return tuple(objects_of(manifest, "ConfigMap", "Deployment", "Secret", "Service", "ServiceAccount"))


def objects_of(manifest: str, *kinds: str) -> Iterator[Object]:
    """The objects of these kinds in a manifest, or all of them."""
    for text in re.split(r"^---$", manifest, flags=re.MULTILINE):
        kind = re.search(r"^kind: (\w+)$", text, re.MULTILINE)
        if kind and (not kinds or kind[1] in kinds):
            yield msgspec.yaml.decode(text)


def unknown_fields(value: object, schema: Object, path: str = "") -> Iterator[str]:
    """The paths of fields that the OpenAPI schema does not define. A schema without properties allows all."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_fields(item, schema.get("items", {}), f"{path}[{index}]")
    elif isinstance(value, dict) and (properties := schema.get("properties")):
        for key, inner in value.items():
            if key in properties:
                yield from unknown_fields(inner, properties[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"


@cache
def rollout_schema() -> Object:
    """The OpenAPI schema of a Rollout in upstream's custom resource definition."""
    definitions = objects_of(UPSTREAM.read_text(), "CustomResourceDefinition")
    (definition,) = (found for found in definitions if found["metadata"]["name"] == "rollouts.argoproj.io")
    (version,) = definition["spec"]["versions"]
    schema: Object = version["schema"]["openAPIV3Schema"]
    return schema


def named(objects: tuple[Object, ...], kind: str, name: str) -> Object:
    (found,) = (each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name)
    return found


def pod() -> Object:
    """The template of the controller's pod: metadata and spec."""
    template: Object = named(rendered(), "Deployment", CONTROLLER)["spec"]["template"]
    return template


def containers_of(template: Object) -> dict[str, Object]:
    spec = template["spec"]
    return {container["name"]: container for container in [*spec["initContainers"], *spec["containers"]]}


def container(name: str) -> Object:
    return containers_of(pod())[name]


def plugin() -> Object:
    """The plugin's entry in argo-rollouts-config."""
    (entry,) = msgspec.yaml.decode(
        named(rendered(), "ConfigMap", "argo-rollouts-config")["data"]["trafficRouterPlugins"]
    )
    return dict(entry)


def arguments_of(name: str, volumes: Path) -> list[str]:
    """The arguments of our program in this container; in the controller's container, that is the plugin.

    A path in a volume becomes a path in the directory of that name in `volumes`.
    """
    if name == CONTROLLER:
        words = plugin()["args"]
    else:
        words = container(name).get("args") or container(name)["command"][1:]
    return [outside(word, name, volumes) for word in words]


def probe_of(name: str, kind: str, volumes: Path) -> list[str]:
    """The arguments of the bridge in an exec probe."""
    return [outside(word, name, volumes) for word in container(name)[kind]["exec"]["command"][1:]]


def outside(word: str, name: str, volumes: Path) -> str:
    """This argument with a path in the container replaced by the path on this machine."""
    mounts = {mount["mountPath"]: mount["name"] for mount in container(name)["volumeMounts"]}
    paths = "|".join(map(re.escape, mounts))
    return re.sub(rf"(^|://)({paths})(?=/|$)", lambda found: f"{found[1]}{volumes / mounts[found[2]]}", word)


if __name__ == "__main__":  # for the tests in Go: the pod's command lines, with its volumes in this directory
    directory = Path(sys.argv[1])
    starts = {
        "volumes": [str(directory / volume["name"]) for volume in pod()["spec"]["volumes"]],
        "sidecar": arguments_of(SIDECAR, directory),
        "bridge": arguments_of(CONTROLLER, directory),
        "health": probe_of(SIDECAR, "livenessProbe", directory),
    }
    sys.stdout.buffer.write(msgspec.json.encode(starts))
