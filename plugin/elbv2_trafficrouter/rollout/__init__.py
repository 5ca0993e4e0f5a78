"""What a Rollout asks for. Pure; apart from rpc, only this package reads protobuf messages."""
