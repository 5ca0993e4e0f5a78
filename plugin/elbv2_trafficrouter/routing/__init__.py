"""Decides. Ordinary synchronous code that reaches AWS, time and threads through ports only."""
