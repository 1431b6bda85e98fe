"""``python -m calicometrics``."""

import sys

from calicometrics.cli import main

sys.exit(main())
