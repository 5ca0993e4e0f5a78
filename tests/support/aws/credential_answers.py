"""The responses of STS and of a container's credentials endpoint."""

import datetime as dt
import json

ROLE = "arn:aws:iam::123456789012:role/router"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105  an example
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE"  # noqa: S105  an example
ACCESS_KEY = "ASIAIOSFODNN7EXAMPLE"


def in_seconds(seconds: float) -> str:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sts_answer(expiration: str = "", key: str = ACCESS_KEY) -> str:
    return (
        '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        "<AssumeRoleWithWebIdentityResult><Credentials>"
        f"<SessionToken>{TOKEN}</SessionToken><SecretAccessKey>{SECRET}</SecretAccessKey>"
        + (f"<Expiration>{expiration}</Expiration>" if expiration else "")
        + f"<AccessKeyId>{key}</AccessKeyId></Credentials>"
        f"<AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId><Arn>{ROLE}</Arn></AssumedRoleUser>"
        "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )


def sts_error(code: str, message: str = "no") -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


def container_answer(seconds: float | None = 3600, key: str = ACCESS_KEY) -> str:
    """With an expiration so many seconds from now, or without any."""
    found = {"AccessKeyId": key, "SecretAccessKey": SECRET, "Token": TOKEN}
    return json.dumps(found if seconds is None else found | {"Expiration": in_seconds(seconds)})
