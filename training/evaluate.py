"""Say how good a note model is: `python training/evaluate.py --help`."""

import sys

if __name__ == "__main__":
    # Imported here: worker processes load this file too, and need not load it all.
    from musedaemon_evaluation.main import main

    sys.exit(main())
