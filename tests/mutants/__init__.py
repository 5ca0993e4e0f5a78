"""Changes that break the code one at a time, and the tests that must notice them: `make mutants`."""
