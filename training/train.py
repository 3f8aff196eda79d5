"""Train a note model: `python training/train.py --help`."""

import sys

if __name__ == "__main__":
    # Imported here: worker processes load this file too, and must not load torch.
    from musedaemon_training.main import main

    sys.exit(main())
