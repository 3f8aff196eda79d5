"""Export a checkpoint as a model file: `python export/export.py --help`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # The net's definition belongs to training, which lies beside this folder in the sources.
    sys.path.append(str(Path(__file__).resolve().parent.parent / "training"))
    from musedaemon_export.main import main

    sys.exit(main())
