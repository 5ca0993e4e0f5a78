"""Checks of a rule that the service model cannot express: one module for each member of a request."""
