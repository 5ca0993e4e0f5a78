"""The lists of mutations are up to date, and a mutation that no test notices is reported."""

import subprocess
from pathlib import Path

import pytest

from mutants.mutation import Mutation, TextNotUniqueError, mutated, read_mutations
from mutants.run import run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MUTATIONS = read_mutations(HERE)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.breaks)
def test_a_mutation_can_be_applied_and_its_test_exists(mutation: Mutation) -> None:
    source = (ROOT / mutation.file).read_text()
    assert mutated(mutation, source) != source
    path, _, name = mutation.test.partition("::")
    assert f"{'func' if mutation.is_go else 'def'} {name}" in (ROOT / path).read_text()


def test_each_property_is_listed_once() -> None:
    assert len({mutation.breaks for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("source", ["a = 2\n", "a = 1\na = 1\n"])
def test_a_text_that_does_not_exist_exactly_once_is_refused(source: str) -> None:
    mutation = Mutation("", "a.py", "a = 1", "a = 2", "test_a.py")
    with pytest.raises(TextNotUniqueError, match=r"a\.py contains the text \d times: a = 1"):
        mutated(mutation, source)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of its own, with a function and a test of half of what it does."""
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "sign.py").write_text("def sign(n):\n    return (n > 0) - (n < 0)\n")
    (tmp_path / "test_sign.py").write_text(
        "from sign import sign\n\ndef test_positive():\n    assert sign(3) == 1\n\n"
        "def test_wrong():\n    assert sign(3) == 2\n"
    )
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def of_sign(text: str, replacement: str, test: str = "test_positive", k: str = "") -> Mutation:
    return Mutation("The sign.", "plugin/sign.py", text, replacement, f"test_sign.py::{test}", k)


@pytest.mark.parametrize(
    ("mutation", "result"),
    [
        pytest.param(of_sign("n > 0", "n < 0"), "killed: The sign.", id="killed"),
        pytest.param(of_sign("n < 0", "n < 1"), "survived: the test passes", id="survives"),
        pytest.param(of_sign("n > 1", "n < 0"), "not applied", id="not found"),
        pytest.param(of_sign("def sign", "sign"), "not run: the test does not end, or it", id="syntax"),
        pytest.param(
            of_sign("n > 0", "n < 0", test="test_wrong"), "Without a mutation, this fails", id="fails anyway"
        ),
        pytest.param(
            of_sign("n > 0", "n < 0", k="nothing"), "Without a mutation, this fails", id="no such test"
        ),
    ],
)
def test_only_a_mutation_that_is_killed_is_a_success(
    project: Path, mutation: Mutation, result: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (run(project, [mutation]) == 0) == result.startswith("killed")
    assert result in capsys.readouterr().out


def test_the_working_tree_stays_as_it_is(project: Path) -> None:
    def files() -> dict[Path, str]:
        return {path: path.read_text() for path in project.glob("**/*.py")}

    before = files()
    assert run(project, [of_sign("n > 0", "n < 0"), of_sign("n < 0", "n < 1")]) == 1
    assert files() == before
