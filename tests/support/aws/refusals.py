"""What a call to AWS, or to what stands in for it, is answered."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, message: str = "", *, status: int = 400) -> Iterator[None]:
    """The block ends with this error, of this HTTP status, with a message that has this pattern in it."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert re.search(message, answer["Error"]["Message"]), answer["Error"]["Message"]


@contextmanager
def accepted() -> Iterator[None]:
    """A refusal in the block is what the test finds out, not an accident on its way."""
    try:
        yield
    except ClientError as error:
        pytest.fail(f"refused: {error}")
