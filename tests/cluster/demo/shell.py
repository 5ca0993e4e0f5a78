"""Variables and commands for a person's shell, to see and change a cluster by hand."""

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from cluster import programs
from cluster.applications.petclinic import CANARY, NAME, Petclinic
from cluster.control_plane.kubernetes import Kubernetes
from support.manifest import BUILD
from support.router.petclinic import REGION

_PROGRAMS = (
    programs.KUBERNETES.program("kubectl"),
    programs.rollouts(programs.NEWEST).program("kubectl-argo-rollouts"),
    BUILD / "grpcurl",
    Path(sys.executable).with_name("aws"),
)


def for_kubectl(cluster: Kubernetes) -> dict[str, str]:
    """An administrator's variables, with kubectl, its plugin, grpcurl and aws first on the PATH."""
    directories = (str(program.parent) for program in _PROGRAMS)
    return {
        "KUBECONFIG": str(cluster.kubeconfig),
        "PATH": os.pathsep.join([*directories, os.environ["PATH"]]),
    }


def for_aws(endpoint: str) -> dict[str, str]:
    """Variables for calls to this ELBv2 with other credentials than the sidecar's."""
    return {
        "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "example",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def commands_to_try(clinic: Petclinic) -> Iterator[str]:
    """Lines for another shell: its variables, then commands to try."""
    world, here = clinic.world, f"-n {clinic.namespace}"
    variables: Mapping[str, str] = for_kubectl(world.cluster) | for_aws(world.endpoint)
    for name, value in variables.items():
        yield f"export {name}={shlex.quote(value)}"
    yield ""
    yield f"kubectl argo rollouts get rollout {NAME} {here} --watch"
    yield f"kubectl argo rollouts set image {NAME} {NAME}=petclinic:1.0.2 {here}"
    yield f"kubectl argo rollouts promote {NAME} {here}"
    yield f"kubectl argo rollouts abort {NAME} {here}"
    yield f"kubectl argo rollouts undo {NAME} {here}"
    yield f"kubectl describe rollout {NAME} {here}"
    authority = f"<(curl -s {world.endpoint}/_emulator/ca)"
    yield f"curl --cacert {authority} https://{clinic.address}/petclinic/actuator/info"
    yield f"aws elbv2 describe-rules --listener-arn {clinic.listener}"
    yield f"aws elbv2 describe-target-health --target-group-arn {clinic.groups[CANARY]}"
    yield f"grpcurl -plaintext -unix {world.argo.socket} grpc.health.v1.Health/Check"
