"""What holds for every test: what is collected, and that nothing undocumented happens by accident."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.any.examples import IS_THOROUGH, examples
from support.emulator.undocumented import _only_what_is_documented  # noqa: F401  autouse, for every test

# The time that an example takes means nothing on a shared machine.
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=examples(100)
)
# In CI, hypothesis tries the same examples in every run.
settings.register_profile("thorough", settings.get_profile("tests"), derandomize=False, print_blob=True)
settings.load_profile("thorough" if IS_THOROUGH else "tests")

E2E = Path(__file__).with_name("e2e")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Tests that need a cluster run only when they are named: `make e2e`."""
    named = (Path(config.invocation_params.dir, argument.split("::")[0]) for argument in config.args)
    if collection_path == E2E and not any(path.is_relative_to(E2E) for path in named):
        return True
    return None
