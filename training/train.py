"""Train a note model: `python training/train.py --help`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # --init reads model files with the exporter's code, which lies beside this folder in the sources.
    sys.path.append(str(Path(__file__).resolve().parent.parent / "export"))
    # Imported here: worker processes load this file too, and must not load torch.
    try:
        from musedaemon_training.main import main
        from musedaemon_training.ranks import end_process
    except KeyboardInterrupt:
        sys.exit(130)

    end_process(main())
