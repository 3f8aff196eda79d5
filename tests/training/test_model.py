from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from musedaemon.encoding import TIME_CLASSES, VELOCITY_CLASSES
from musedaemon_training.augment import IGNORED
from musedaemon_training.averaging import AveragedWeights
from musedaemon_training.losses import Tally, costs
from musedaemon_training.model import Logits, NoteNet, Sizes, locked_dropout, parameter_count, weighed

SIZES = Sizes(hidden=24, layers=2)


def net(seed: int = 0) -> NoteNet:
    torch.manual_seed(seed)
    return NoteNet(SIZES)


def notes(steps: int, rows: int) -> tuple[Tensor, Tensor]:
    tops = torch.tensor([TIME_CLASSES, TIME_CLASSES, 25, 13, 128, VELOCITY_CLASSES + 1]).view(6, 1, 1)
    classes = (torch.rand(6, steps, rows) * tops).long()
    return classes, (torch.rand(steps, rows, 128) < 0.03).float()


def test_a_chunk_at_once_and_note_by_note_are_the_same() -> None:
    model = net().eval()
    given, sounding = notes(7, 3)
    whole, after = model.listen(given, sounding, model.initial(3))
    memory, parts = model.initial(3), []
    for t in range(7):
        top, memory = model.listen(given[:, t : t + 1], sounding[t : t + 1], memory)
        parts.append(top)
    torch.testing.assert_close(torch.cat(parts), whole)
    torch.testing.assert_close(memory.h, after.h)
    torch.testing.assert_close(memory.c, after.c)


def test_each_head_sees_what_was_chosen_before_it_and_nothing_later() -> None:
    model = net().eval()
    given, sounding = notes(1, 1)
    top, _ = model.listen(given, sounding, model.initial(1))
    before = model.ask(top, given, sounding)
    changed = {"shift": 0, "pitch": 4, "velocity": 5}
    reads = {
        "shift": (),
        "pitch": ("shift",),
        "velocity": ("shift", "pitch"),
        "duration": ("shift", "pitch", "velocity"),
    }
    for name, row in changed.items():
        other = given.clone()
        other[row] = (other[row] + 1) % 30
        after = model.ask(top, other, sounding)
        moved = {f for f, a, b in zip(Logits._fields, before, after, strict=True) if not torch.equal(a, b)}
        assert moved == {f for f, inputs in reads.items() if name in inputs}


def test_the_many_hot_product_is_the_sum_of_rows() -> None:
    tables = (nn.Embedding(5, 8), nn.Embedding(9, 8))
    classes = (torch.tensor([[0, 4]]), torch.tensor([[8, 1]]))
    expected = tables[0](classes[0]) + tables[1](classes[1])
    torch.testing.assert_close(weighed(classes, tables), expected)


def test_dropout_is_locked_over_time_keeps_the_mean_and_ends_with_training() -> None:
    ones = torch.ones(5, 40, 50)
    dropped = locked_dropout(ones, 0.25, training=True)
    assert all(torch.equal(dropped[0], step) for step in dropped)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.06)
    assert torch.equal(locked_dropout(ones, 0.25, training=False), ones)


def test_a_net_learns_a_phrase_by_heart() -> None:
    model = net().train(False)
    given, sounding = notes(12, 1)
    sounding = torch.cat((sounding, sounding[:1]))
    asked = torch.roll(given, -1, dims=1)
    targets = torch.stack((asked[0], asked[4], asked[5].clamp(max=VELOCITY_CLASSES - 1), asked[1]))
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.02)
    for _ in range(200):
        logits, _ = model(given, asked, sounding, model.initial(1))
        loss = costs(logits, targets).loss(12)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        optimiser.step()
    assert loss.item() < 0.2


def flat(classes: int, steps: int = 4) -> Tensor:
    return torch.zeros(steps, 1, classes)


def test_bits_of_no_opinion_are_the_classes_logarithm() -> None:
    logits = Logits(flat(TIME_CLASSES), flat(128), flat(VELOCITY_CLASSES), flat(TIME_CLASSES))
    targets = torch.ones(4, 4, 1, dtype=torch.int64)
    targets[2, :3] = IGNORED
    tally = Tally()
    tally.add(costs(logits, targets))
    bits = tally.bits()
    assert bits["pitch"] == pytest.approx(7.0)
    assert bits["velocity"] == pytest.approx(5.0)
    assert bits["shift"] == bits["duration"] == pytest.approx(math.log2(TIME_CLASSES))
    assert bits["sum"] == pytest.approx(7.0 + 2 * math.log2(TIME_CLASSES))
    assert bits["total"] == pytest.approx(bits["sum"] + 5.0 / 4)


def test_what_is_ignored_costs_nothing() -> None:
    logits = Logits(flat(TIME_CLASSES), flat(128), flat(VELOCITY_CLASSES), flat(TIME_CLASSES))
    nothing = costs(logits, torch.full((4, 4, 1), IGNORED))
    assert nothing.nats.tolist() == nothing.counts.tolist() == [0.0] * 4
    assert nothing.loss(0).item() == 0.0


def test_averaged_weights_follow_and_are_lent_only_for_a_while() -> None:
    model = net()
    average = AveragedWeights(model)
    own = {name: p.detach().clone() for name, p in model.named_parameters()}
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1.0)
    average.update()
    bias = model.shift_head.out.bias
    with average.in_use():
        lent = bias.detach().clone()
    moved = (lent - own["shift_head.out.bias"]).mean().item()
    assert moved == pytest.approx(1.0 - 2 / 11, abs=1e-6)
    torch.testing.assert_close(bias.detach(), own["shift_head.out.bias"] + 1.0)


def test_parameters_are_counted() -> None:
    assert parameter_count(nn.Linear(3, 4)) == 16
