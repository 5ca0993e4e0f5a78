"""A budget with nothing taken."""

import pytest

from support.aws.budget_requests import Requests


@pytest.fixture
def requests() -> Requests:
    return Requests()
