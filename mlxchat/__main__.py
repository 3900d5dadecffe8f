"""`python -m mlxchat`."""

import sys

from mlxchat.cli import main

sys.exit(main())
