"""States to start with."""
