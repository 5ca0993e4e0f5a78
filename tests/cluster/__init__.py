"""A whole cluster on loopback: a real control plane and controller, pods that answer, and their users."""
