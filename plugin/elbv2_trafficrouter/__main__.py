"""Runs the command line: `python -m elbv2_trafficrouter`."""

import sys

from elbv2_trafficrouter.cli import main

sys.exit(main())
