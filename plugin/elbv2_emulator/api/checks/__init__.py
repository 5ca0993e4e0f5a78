"""What the service model does not say about a request's members."""
