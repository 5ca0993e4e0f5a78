"""The emulator's own HTTP interface under /_emulator/: one module for each path, with its routes."""
