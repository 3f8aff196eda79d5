"""`python -m musedaemon` is `musedaemon`."""

import sys

from musedaemon.cli.start import start

if __name__ == "__main__":
    sys.exit(start())
