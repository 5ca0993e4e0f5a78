"""The credentials of the sidecar, shared by all clients."""
