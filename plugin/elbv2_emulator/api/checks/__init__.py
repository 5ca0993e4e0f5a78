"""Checks of rules that the service model cannot express: one module for actions, one for conditions."""
