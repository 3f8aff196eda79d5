"""Export a checkpoint as a model file: `python export/export.py --help`."""

import sys

from musedaemon_export.main import main

if __name__ == "__main__":
    sys.exit(main())
