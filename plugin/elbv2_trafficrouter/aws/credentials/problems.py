"""Failures of a look-up of credentials → Problem, which names the source, whatever the source raises."""

import re
import subprocess

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from elbv2_trafficrouter.aws.causes import cause_of
from elbv2_trafficrouter.aws.credentials.sources import CONFIGURATION, Source
from elbv2_trafficrouter.aws.problems import without_credentials
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import (
    CredentialsUnavailable,
    CredentialsUnusable,
    InvalidAwsConfiguration,
)

# botocore puts what a container's endpoint answered into a text alone.
_STATUS = re.compile(r"non 200 response (\d{3}) ")
_NO_ANSWER = re.compile(r"Received error when attempting to retrieve")
_FIRST_SERVER_ERROR = 500
_NO_RESPONSE = (
    boto.ConnectionError,
    boto.ConnectionClosedError,
    boto.ReadTimeoutError,
    boto.ResponseStreamingError,
)


def look_up_problem(error: Exception, source: Source) -> Problem:
    if isinstance(error, boto.ClientError):
        return without_credentials(error)
    if configuration := configuration_problem(error):
        return configuration
    if source is CONFIGURATION:
        return InvalidAwsConfiguration(f"reading it failed ({cause_of(error)})")
    if trouble := _passing_trouble(error):
        return CredentialsUnavailable(source.name, trouble, cause_of(error))
    return CredentialsUnusable(source.name, _lasting_trouble(error), source.remedy)


def configuration_problem(error: Exception) -> Problem | None:
    """The problem of the AWS configuration itself; None if the error is about something else."""
    match error:
        case boto.ConfigParseError() | boto.ConfigNotFound():
            return InvalidAwsConfiguration(f"the file {error.kwargs.get('path')} can't be parsed")
        case boto.ProfileNotFound():
            trouble = f"there is no profile {error.kwargs.get('profile')}"
            return CredentialsUnusable(CONFIGURATION.name, trouble, CONFIGURATION.remedy)
        case boto.InvalidDefaultsMode():
            return InvalidAwsConfiguration(
                "AWS_DEFAULTS_MODE (defaults_mode) has a value that does not exist"
            )
        case _:
            return None


def _passing_trouble(error: Exception) -> str:
    """What may be over soon; empty if somebody has to correct something."""
    if isinstance(error, (TimeoutError, subprocess.TimeoutExpired)):
        return "did not answer in time"
    if isinstance(error, ResponseParserError):
        return "sent a response that is incomplete or did not come from AWS"
    if isinstance(error, _NO_RESPONSE):
        return "did not answer"
    if isinstance(error, (boto.CredentialRetrievalError, boto.MetadataRetrievalError)):
        status = _STATUS.search(str(error))
        if status and int(status[1]) >= _FIRST_SERVER_ERROR:
            return f"answered with status {status[1]}"
        if _NO_ANSWER.search(str(error)):
            return "did not answer"
    return ""


def _lasting_trouble(error: Exception) -> str:  # noqa: PLR0911  a table
    match error:
        case OSError(filename=str() as file):
            return f"{file} can't be read or run ({error.strerror})"
        case RuntimeError() if "expired" in str(error):
            return "they have already expired, or the node's clock is ahead"
        case boto.PartialCredentialsError():
            return f"{error.kwargs.get('cred_var')} is missing"
        case boto.ParamValidationError():
            return "its token is empty, or one of its settings is invalid"
        case boto.CredentialRetrievalError() | boto.MetadataRetrievalError():
            status = _STATUS.search(str(error))
            return f"it answered with status {status[1]}" if status else "it returned no credentials"
        case KeyError() | TypeError() | ValueError() | AttributeError():
            return "what it returned is not valid"
        case _:
            return f"it failed ({cause_of(error)})"
