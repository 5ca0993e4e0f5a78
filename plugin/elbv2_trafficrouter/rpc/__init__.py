"""The gRPC side of the router: request messages in, response messages out."""
