"""The emulator's own interface under /_emulator/: one file a subject, each with its routes."""
