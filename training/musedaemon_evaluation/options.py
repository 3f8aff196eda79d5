"""The command line of `training/evaluate.py`."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """Its options."""
    options = argparse.ArgumentParser(
        prog="evaluate.py",
        description="How good a model is: bits a note by source, beside a Markov model and with memory; its replies.",
    )
    options.add_argument(
        "model", metavar="MODEL", help="a checkpoint folder, an exported .onnx file, or 'default' for the shipped one"
    )
    options.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="the corpus; its top folders are the sources"
    )
    options.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="files to evaluate on, one name a line as below DIR (default: DIR/test.txt; without one, the pieces that"
        " training on DIR sets aside for validation)",
    )
    options.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    options.add_argument(
        "--calls", type=_count, default=100, metavar="N", help="calls to reply to (default: 100; 0 for none)"
    )
    options.add_argument("--images", type=Path, metavar="DIR", help="draw piano rolls of five calls and replies")
    options.add_argument("--card", type=Path, metavar="FILE", help="write the model card, a page of Markdown")
    options.add_argument(
        "--beside",
        type=Path,
        metavar="FILE",
        help="another --json, of the same net in fp32, to compare with in the card",
    )
    options.add_argument("--seed", type=int, default=1, metavar="N", help="of the calls and the replies (default: 1)")
    return options


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return value
