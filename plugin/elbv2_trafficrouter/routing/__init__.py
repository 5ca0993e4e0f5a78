"""Decides what to change. Ordinary synchronous code that uses AWS, time and threads only through ports."""
