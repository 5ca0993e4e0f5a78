"""The control plane: ELBv2's API."""
