"""Where botocore finds credentials, by botocore's names, and what to check if a source fails."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    """As a sentence calls it."""
    remedy: str


_POD = "Check the role's trust policy and the pod's service account."
_PROFILE = "Correct the profile in the AWS config file."

CONFIGURATION = Source("the AWS configuration", "Correct AWS_PROFILE or the AWS config file.")
_SOURCES = {
    "env": Source(
        "the environment",
        "Correct AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.",
    ),
    "shared-credentials-file": Source("the shared credentials file", "Correct the file."),
    "config-file": Source("the AWS config file", "Correct the file."),
    "assume-role": Source("the profile's role (AssumeRole)", _PROFILE),
    "assume-role-with-web-identity": Source("IRSA (AssumeRoleWithWebIdentity)", _POD),
    "container-role": Source(
        "the container's credentials endpoint", "Check the EKS Pod Identity Agent and the pod's association."
    ),
    "iam-role": Source("the instance metadata service", "Check the instance's role and the hop limit."),
    "custom-process": Source("credential_process", "Run its command in the container to see the error."),
    "sso": Source("IAM Identity Center", "Log in again, and check the profile."),
    "login": Source("the AWS login session", "Log in again, and check the profile."),
}


def source_of(method: str) -> Source:
    """The source that botocore calls `method`."""
    return _SOURCES.get(method, Source(method, _PROFILE))
