"""Assertions about what AWS, or the emulator in its place, answers to a call."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, message: str = "", *, status: int = 400) -> Iterator[None]:
    """The block must end with this error and HTTP status, and a message that contains this pattern."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert re.search(message, answer["Error"]["Message"]), answer["Error"]["Message"]


@contextmanager
def accepted() -> Iterator[None]:
    """No call in the block may be refused: a refusal is a failure of the test, not an error in it."""
    try:
        yield
    except ClientError as error:
        pytest.fail(f"refused: {error}")
