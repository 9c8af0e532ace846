"""``python -m data_loaders list | fetch NAME | check FILE``."""

import sys

from data_loaders.commands import main

if __name__ == "__main__":
    sys.exit(main())
