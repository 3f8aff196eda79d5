"""How many notes a second training takes in, beside the bare net learning the same batch over and over.

    python benchmarks/training.py CORPUS [--hidden 256] [--layers 2] [--minutes 2]

CORPUS is a folder of music. The rest of the time goes into making batches, reports and validations.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from musedaemon_training.augment import IGNORED
from musedaemon_training.device import choose_device, with_numbers
from musedaemon_training.losses import costs
from musedaemon_training.model import FIELDS, NoteNet, Sizes, parameter_count
from musedaemon_training.plan import MOST_ROWS, STEPS

TRAIN = Path(__file__).parents[1] / "training" / "train.py"
UPDATES = 12


def bare_rate(sizes: Sizes) -> float:
    """Notes a second of forward pass, backward pass and optimiser alone."""
    device = with_numbers(choose_device("cpu"), sizes.hidden)
    net = NoteNet(sizes)
    optimiser = torch.optim.AdamW(net.parameters(), fused=True)
    note = torch.zeros(6, STEPS, MOST_ROWS, dtype=torch.int64)
    sounding = torch.zeros(STEPS + 1, MOST_ROWS, 128)
    targets = torch.zeros(len(FIELDS), STEPS, MOST_ROWS, dtype=torch.int64)
    targets[2] = IGNORED
    start = 0.0
    for update in range(UPDATES + 1):
        start = time.perf_counter() if update == 1 else start
        with device.products():
            logits, _ = net(note, note, sounding, net.initial(MOST_ROWS))
        loss = costs(logits, targets).loss(STEPS * MOST_ROWS)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        optimiser.step()
    return UPDATES * STEPS * MOST_ROWS / (time.perf_counter() - start)


def trained_rate(corpus: Path, sizes: Sizes, minutes: float) -> tuple[float, float]:
    """Notes a second of train.py itself, and the percentage of time it waited for data."""
    with tempfile.TemporaryDirectory() as folder:
        size = ["--hidden", str(sizes.hidden), "--layers", str(sizes.layers)]
        command = [sys.executable, str(TRAIN), "--data", str(corpus), "--out", f"{folder}/run", *size]
        command += ["--minutes", str(minutes)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"([\d,]+) notes/s, ([\d.]+)% of the time waiting", done.stdout + done.stderr)
    assert found is not None, done.stdout
    return float(found[1].replace(",", "")), float(found[2])


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("corpus", type=Path)
    options.add_argument("--hidden", type=int, default=256)
    options.add_argument("--layers", type=int, default=2)
    options.add_argument("--minutes", type=float, default=2.0)
    chosen = options.parse_args()
    sizes = Sizes(chosen.hidden, chosen.layers)
    before = bare_rate(sizes)
    trained, waiting = trained_rate(chosen.corpus, sizes, chosen.minutes)
    bare = (before + bare_rate(sizes)) / 2
    parameters = parameter_count(NoteNet(sizes))
    print(f"{sizes.layers}x{sizes.hidden}, {parameters:,} parameters, {torch.get_num_threads()} threads")
    print(f"train.py: {trained:,.0f} notes/s, {waiting:g}% of the time waiting for data")
    print(f"the bare net: {bare:,.0f} notes/s; train.py runs at {trained / bare:.2f} of that")


if __name__ == "__main__":
    main()
