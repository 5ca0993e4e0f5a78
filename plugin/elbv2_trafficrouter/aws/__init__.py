"""routing's ports on boto3. Every request goes through api."""
