"""ELBv2's resources, as routing's ports describe them."""
