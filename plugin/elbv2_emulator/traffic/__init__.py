"""The data plane: listeners that match, forward and count requests, and health checks. Never imports api."""
