"""Reads what an emulator can start with: files in its own format, or the output of the AWS CLI."""
