"""Runs the mutations in tests/mutants/, or those that contain a word: `make mutants ONLY=throttle`."""

import sys
from pathlib import Path

from mutants.mutation import read_mutations
from mutants.run import run

HERE = Path(__file__).parent

if __name__ == "__main__":
    words = sys.argv[1:]
    chosen = [
        mutation
        for mutation in read_mutations(HERE)
        if not words or any(word in f"{mutation.breaks} {mutation.file}" for word in words)
    ]
    sys.exit(1 if not chosen or run(HERE.parents[1], chosen) else 0)
