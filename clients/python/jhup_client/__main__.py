"""``python -m jhup_client``."""

import sys

from jhup_client.cli import main

if __name__ == "__main__":
    sys.exit(main())
