"""Read a corpus for training and report what is in it: `python training/prepare.py --help`."""

import sys

if __name__ == "__main__":
    # Imported here: worker processes load this file too, and need less.
    try:
        from musedaemon_training.preparing import main
    except KeyboardInterrupt:
        sys.exit(130)

    sys.exit(main())
