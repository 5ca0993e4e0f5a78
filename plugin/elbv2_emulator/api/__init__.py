"""The control plane, which is ELBv2's API: protocol, operations, checks and faults. Never imports traffic."""
