"""Say how good a note model is: `python training/evaluate.py --help`."""

import sys

if __name__ == "__main__":
    # Imported here: worker processes load this file too, and need not load it all.
    try:
        from musedaemon_evaluation.main import main
    except KeyboardInterrupt:
        sys.exit(130)

    sys.exit(main())
