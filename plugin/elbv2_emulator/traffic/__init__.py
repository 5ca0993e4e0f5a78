"""The data plane: listeners that carry requests to targets."""
