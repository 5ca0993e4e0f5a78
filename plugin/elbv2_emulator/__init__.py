"""A strict local ELBv2 with a data plane, for demonstrations and tests."""
