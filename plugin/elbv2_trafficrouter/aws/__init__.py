"""Implements routing's ports with boto3. Every request goes through api.py."""
