"""Tune how far the session memory is trusted: `python training/tune_memory.py MODEL --data DIR`."""

import sys

if __name__ == "__main__":
    from musedaemon_evaluation.tuning_main import main

    sys.exit(main())
