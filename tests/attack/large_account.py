"""A sidecar in an account whose limits it never reaches: otherwise most calls would only wait."""

from pathlib import Path

TESTS = str(Path(__file__).parents[1])
"""For PYTHONPATH."""
LARGE_ACCOUNT = "support.router.large_account"
"""The module that starts the sidecar."""
