"""A whole cluster on loopback: real control plane and controller, pods that answer, and the load on them."""
