"""Tunes how far the session memory is trusted, by descent on validation pieces; `core/trust.py` holds what it found.

The votes and the mixing are those of `musedaemon.core.recollection`, in torch, so that they have gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from musedaemon.core import recollection, trust
from musedaemon.core.trust import Likeness, Trust
from musedaemon.encoding import PITCHES
from musedaemon_evaluation.tuning_samples import TICKS, Samples
from musedaemon_training.augment import IGNORED
from musedaemon_training.model import FIELDS

STEPS, BATCH, RATE = 400, 192, 0.1
_MEANT = torch.from_numpy(recollection.TIMES_MEANT.astype(np.float32))
_TINY = 1e-20
_UNITS = torch.tensor(Likeness(1.0, key=10.0, run=1.0, interval_run=1.0, repeats=1.0, interval_repeats=1.0, common=1.0))
"""What a step of descent is a fair part of: the factor of the cosine is some ten times the others."""

Numbers = dict[str, Tensor]


def start(field: str) -> Numbers:
    """What descent starts from: the numbers in use. The power as its logarithm, the largest share as its log-odds."""
    trusted = _IN_USE[field]
    numbers = {
        "likeness": torch.tensor(trusted.likeness) / _UNITS,
        "others": torch.tensor([trusted.other_shift, trusted.other_pitch, trusted.other_pitch_same_interval]),
        "power": torch.tensor(trusted.power).log(),
        "unsure": torch.tensor(trusted.unsure),
        "most": torch.logit(torch.tensor(trusted.most)),
    }
    if field == "pitch":
        numbers["transposed"] = torch.tensor(trust.TRANSPOSED) / _UNITS
    return {name: number.clone().requires_grad_() for name, number in numbers.items()}


_IN_USE = {"shift": trust.SHIFT, "pitch": trust.PITCH, "velocity": trust.VELOCITY, "duration": trust.DURATION}


def chances(field: str, numbers: Numbers, samples: Samples) -> Tensor:
    """[Q] the mixture's chance of what came."""
    place = FIELDS.index(field)
    truth = samples.truth[:, place].clamp(max=samples.logits[place].shape[1] - 1)
    model = torch.softmax(samples.logits[place], dim=1)
    votes = _votes(samples.kept[:, place], _weights(field, numbers["likeness"], numbers, samples), model.shape[1])
    if field == "pitch":
        moved = samples.kept[:, 4] + samples.last_pitch[:, None]
        moved = torch.where((moved >= 0) & (moved < PITCHES), moved, PITCHES)
        votes = votes + _votes(moved, _weights(field, numbers["transposed"], numbers, samples), PITCHES)
    if field in ("shift", "duration"):
        votes = model * ((votes / (model @ _MEANT.T).clamp(min=1e-30)) @ _MEANT)
    heaviness = votes.sum(dim=1).clamp(min=_TINY)
    doubt = 1.0 - model.max(dim=1).values + recollection.LEAST_UNSURE
    odds = heaviness ** numbers["power"].exp() * doubt ** numbers["unsure"]
    share = torch.sigmoid(numbers["most"]) * odds / (1.0 + odds)
    own, voted = model.gather(1, truth[:, None])[:, 0], votes.gather(1, truth[:, None])[:, 0]
    return (1.0 - share) * own + share * voted / heaviness


def _weights(field: str, likeness: Tensor, numbers: Numbers, samples: Samples) -> Tensor:
    logarithms = torch.einsum("l,qln->qn", likeness * _UNITS, samples.signs.float())
    if field != "shift":
        ticks = TICKS[samples.truth[:, 0]][:, None]
        other_shift = (TICKS[samples.kept[:, 0].long()] - ticks).abs() > 2.0 + 0.1 * ticks
        logarithms = logarithms + numbers["others"][0] * other_shift
    if field in ("velocity", "duration"):
        pitch = samples.truth[:, 1][:, None]
        other_pitch = samples.kept[:, 1] != pitch
        same_interval = samples.kept[:, 4] == pitch - samples.last_pitch[:, None]
        logarithms = logarithms + torch.where(same_interval, numbers["others"][2], numbers["others"][1]) * other_pitch
    return logarithms.clamp(max=15.0).exp()


def _votes(classes: Tensor, weights: Tensor, count: int) -> Tensor:
    """[Q, count], those for what is unknown left out."""
    return torch.zeros(len(classes), count + 1).scatter_add(1, classes.long(), weights)[:, :count]


def tuned(field: str, parts: Sequence[Samples], seed: int) -> Numbers:
    """Descend on all parts alike (the same number of notes of each at every step)."""
    numbers = start(field)
    optimiser = torch.optim.Adam(numbers.values(), lr=RATE)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    generator = torch.Generator().manual_seed(seed)
    known = [torch.nonzero(part.truth[:, FIELDS.index(field)] != IGNORED)[:, 0] for part in parts]
    for _ in range(STEPS):
        drawn = [index[torch.randint(len(index), (BATCH,), generator=generator)] for index in known]
        chance = torch.cat([chances(field, numbers, part.at(i)) for part, i in zip(parts, drawn, strict=True)])
        optimiser.zero_grad()
        (-torch.log(chance.clamp(min=_TINY)).mean()).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rates.step()
    return {name: number.detach() for name, number in numbers.items()}


def saved_bits(field: str, numbers: Numbers, samples: Samples) -> dict[str, tuple[float, float]]:
    """By source: bits a note of the model alone, and with the memory."""
    place = FIELDS.index(field)
    found: dict[str, tuple[float, float]] = {}
    for source in sorted(set(samples.sources)):
        here = torch.tensor([s == source for s in samples.sources]) & (samples.truth[:, place] != IGNORED)
        if here.any():
            part = samples.at(torch.nonzero(here)[:, 0])
            with torch.no_grad():
                mixed = torch.log2(chances(field, numbers, part))
            own = torch.log_softmax(part.logits[place], dim=1).gather(1, part.truth[:, place][:, None]) / np.log(2.0)
            found[source] = -float(own.mean()), -float(mixed.mean())
    return found


def as_source(field: str, numbers: Numbers) -> str:
    """As it stands in `core/trust.py`."""
    others = [round(value, 2) for value in numbers["others"].tolist()]
    if field == "shift":
        others = [0.0, 0.0, 0.0]
    elif field == "pitch":
        others = [others[0], 0.0, 0.0]
    power, most = float(numbers["power"].exp()), float(torch.sigmoid(numbers["most"]))
    unsure = round(float(numbers["unsure"]), 2)
    trusted = Trust(_likeness(numbers["likeness"]), round(power, 3), round(most, 3), unsure, *others)
    lines = [f"{field.upper()} = {trusted}"]
    if field == "pitch":
        lines.append(f"TRANSPOSED = {_likeness(numbers['transposed'])}")
    return "\n".join(lines)


def _likeness(numbers: Tensor) -> Likeness:
    return Likeness(*(round(value, 2) for value in (numbers * _UNITS).tolist()))
