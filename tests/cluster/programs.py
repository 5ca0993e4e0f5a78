"""The programs of a cluster. Each is built from its Go module into a cache outside the repository."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTROLLERS = ("v1.10.2", "v1.9.3", "v1.8.5")
NEWEST = CONTROLLERS[0]

_ROLLOUTS = "github.com/argoproj/argo-rollouts"


@dataclass(frozen=True, slots=True)
class Module:
    """Programs of one Go module: pairs of the program's name and its package in the module.

    `stamps`: the Go variables that hold the version. `files`: a directory of the module to keep as well.
    """

    path: str
    version: str
    packages: tuple[tuple[str, str], ...]
    stamps: tuple[str, ...] = ()
    files: str = ""

    @property
    def directory(self) -> Path:
        """Holds the programs once they are built. Each recipe has its own."""
        digest = hashlib.sha256(repr(self).encode()).hexdigest()[:12]
        return _cache() / f"{self.packages[0][0]}-{self.version}-{digest}"

    def program(self, name: str) -> Path:
        return self.directory / "bin" / name


def rollouts(version: str) -> Module:
    names = ("rollouts-controller", "kubectl-argo-rollouts")
    stamps = (f"{_ROLLOUTS}/utils/version.version",)
    return Module(_ROLLOUTS, version, _commands(*names), stamps, files="manifests")


def _commands(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"/cmd/{name}") for name in names)


ETCD = Module("go.etcd.io/etcd/server/v3", "v3.6.16", (("etcd", ""),))
KUBERNETES = Module(
    "k8s.io/kubernetes",
    "v1.35.4",
    _commands("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"),
    # kubectl refuses to run without a version.
    stamps=("k8s.io/component-base/version.gitVersion", "k8s.io/client-go/pkg/version.gitVersion"),
)
KWOK = Module("sigs.k8s.io/kwok", "v0.8.0", _commands("kwok"), files="kustomize/stage")
MODULES = (ETCD, KWOK, KUBERNETES, *map(rollouts, CONTROLLERS))


def build(module: Module) -> None:
    """Builds the programs, unless they exist. Raises CalledProcessError if Go cannot build them."""
    if module.directory.exists():
        return
    _say(f"Building {module.path} {module.version}, once: some minutes.")
    module.directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=module.directory.parent) as temporary:
        source, built = Path(temporary, "source"), Path(temporary, "built")
        (built / "bin").mkdir(parents=True)
        source.mkdir()
        downloaded = _go(source, "mod", "download", "-json", f"{module.path}@{module.version}")
        _write_module(source, module, json.loads(downloaded))
        flags = " ".join(["-s -w", *(f"-X {stamp}={module.version}" for stamp in module.stamps)])
        build = ("build", "-mod=mod", "-trimpath", "-ldflags", flags, "-o")
        for name, package in module.packages:
            _go(source, *build, str(built / "bin" / name), module.path + package)
        if module.files:
            files = Path(json.loads(downloaded)["Dir"], module.files)
            # Not the modes: what Go downloads is read-only.
            shutil.copytree(files, built / "files", copy_function=shutil.copyfile)
        built.rename(module.directory)


def _write_module(directory: Path, module: Module, downloaded: dict[str, str]) -> None:
    """Writes a module that requires the program's and repeats its replacements, which Go would ignore."""
    upstream = json.loads(_go(directory, "mod", "edit", "-json", downloaded["GoMod"]))
    lines = ["module programs", f"go {upstream['Go']}", f"require {module.path} {module.version}"]
    lines += [f"replace {old} => {new}" for old, new in _replacements(module, upstream)]
    (directory / "go.mod").write_text("\n".join(lines))


def _replacements(module: Module, upstream: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for replace in upstream.get("Replace") or ():
        if version := replace["New"].get("Version"):
            old = replace["Old"]
            yield f"{old['Path']} {old.get('Version', '')}", f"{replace['New']['Path']} {version}"
    # Kubernetes' own libraries lie in its tree, which its module leaves out: they are published beside it.
    for require in upstream["Require"]:
        if module is KUBERNETES and require["Version"] == "v0.0.0":
            yield require["Path"], f"{require['Path']} {module.version.replace('v1', 'v0', 1)}"


def _go(directory: Path, *arguments: str) -> str:
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    return subprocess.run(
        ["go", *arguments], cwd=directory, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "elbv2-trafficrouter"


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201  a build takes minutes


if __name__ == "__main__":
    for each in MODULES:
        build(each)
