"""What a Rollout requests. Pure; apart from rpc, only this package reads protobuf messages."""
