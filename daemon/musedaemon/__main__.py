"""`python -m musedaemon` is `musedaemon`."""

import sys

from musedaemon.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
