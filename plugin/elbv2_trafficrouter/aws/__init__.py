"""routing's ports, on boto3."""
