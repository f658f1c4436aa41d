"""`python -m revisual`."""

import sys

from revisual.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
