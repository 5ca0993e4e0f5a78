"""What a Rollout asks for. Pure; the only reader of protobuf beside rpc."""
