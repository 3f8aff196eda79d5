"""Fits the weights of `musedaemon.core.periodicity`, and the tempi people play at, to performances with known beats.

    python benchmarks/tempo_weights.py FOLDER [--aside LIST] [--count 200]

A conditional logit: of all tempi weighed up, those within 4% of the true one should be likely. Only `--half tune` of
`tempo.py`, and nothing that is set aside, is used.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from performances import performances
from tempo import WINDOW_S, chosen_paths, windows

from musedaemon.core.accents import Strike, accents_of
from musedaemon.core.periodicity import BPMS, LAGS_BEATS, features

NEAR_OCTAVES = float(np.log2(1.04))
HELD_BACK = 1e-3
"""How strongly weights are held near nothing."""


def fitted(inputs: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """[F] the weights for inputs [windows, tempi, F], where `right` [windows, tempi] marks the true ones."""
    spread = inputs.flatten(0, 1).std(0)
    scaled = inputs / spread
    weights = torch.zeros(inputs.shape[2], requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=80, line_search_fn="strong_wolfe")

    def cost() -> torch.Tensor:
        optimiser.zero_grad()
        scores = scaled @ weights
        chance = torch.logsumexp(scores.masked_fill(~right, -1e9), 1) - torch.logsumexp(scores, 1)
        loss = HELD_BACK * (weights**2).sum() - chance.mean()
        loss.backward()
        return loss

    optimiser.step(cost)
    return weights.detach() / spread


def main() -> None:
    """Print the constants."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--aside", type=Path)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    paths = chosen_paths(chosen.folder, chosen.aside, "tune", chosen.seed)
    rng = np.random.default_rng(chosen.seed)
    octave = np.log2(BPMS / 100.0)
    inputs, right = [], []
    for performance in performances(paths, chosen.count, chosen.seed):
        for window in windows(performance, rng):
            accents = accents_of([Strike(note.at, note.until) for note in window.notes], WINDOW_S)
            inputs.append(np.column_stack((features(accents), octave, octave**2)))
            right.append(np.abs(np.log2(BPMS / window.truth)) < NEAR_OCTAVES)
    weights = fitted(torch.tensor(np.array(inputs), dtype=torch.float32), torch.tensor(np.array(right))).tolist()
    *lags, linear, square = weights
    print(f"{len(inputs)} windows")
    for lag, weight in zip(LAGS_BEATS, lags, strict=True):
        print(f"{lag:5.2f} beats later: {weight:5.1f}")
    print(
        f"tempi around {100.0 * 2.0 ** (-linear / (2.0 * square)):.0f} bpm, {(-0.5 / square) ** 0.5:.2f} octaves wide"
    )


if __name__ == "__main__":
    main()
