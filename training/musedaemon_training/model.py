"""The note model in torch: one LSTM step a note, and a head for each field of the next note (DESIGN 4).

Parameter names are part of the format: export uses them as the names of the ONNX initialisers, and `--init`
reads them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from musedaemon.encoding import (
    BAR_CLASSES,
    PITCHES,
    TICKS_PER_BEAT,
    TIME_CLASSES,
    VELOCITY_CLASSES,
)

FIELDS = ("shift", "pitch", "velocity", "duration")
"""In the order they are sampled; the order of targets and logits everywhere."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What shapes a model: `hidden` units in each of `layers` LSTM layers; `dropout` is for training only."""

    hidden: int
    layers: int
    dropout: float = 0.1


class Memory(NamedTuple):
    """The state, [layers, B, hidden] each."""

    h: Tensor
    c: Tensor


class Logits(NamedTuple):
    """[..., classes] of the four fields."""

    shift: Tensor
    pitch: Tensor
    velocity: Tensor
    duration: Tensor


class BatchPart(NamedTuple):
    """Rows `start` to `stop` of a batch of `total`, of which other processes have the rest."""

    start: int
    stop: int
    total: int


def locked_dropout(values: Tensor, share: float, training: bool, part: BatchPart | None = None) -> Tensor:
    """Dropout with one mask for all steps of a chunk (Gal & Ghahramani 2016): better for recurrent nets, and
    a cheap mask. With `part`, the mask is that part of the whole batch's."""
    if not training or share == 0.0:
        return values
    start, stop, total = part or (0, values.shape[1], values.shape[1])
    mask = torch.rand(total, *values.shape[2:], device=values.device)[start:stop] >= share
    return values * (mask / (1.0 - share)).to(values.dtype)


def weighed(classes: tuple[Tensor, ...], tables: tuple[nn.Embedding, ...]) -> Tensor:
    """The sum of each table's row for each class, as one product with a many-hot vector: far quicker than
    look-ups and additions."""
    sizes = [table.num_embeddings for table in tables]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    index = torch.stack([values + start for values, start in zip(classes, starts, strict=True)], dim=-1)
    hot = torch.zeros(*index.shape[:-1], sum(sizes), device=index.device).scatter_(-1, index, 1.0)
    return hot @ torch.cat([table.weight for table in tables])


class ContextEmbedding(nn.Module):
    """What is known of a note before its pitch, as one vector [..., width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.shift = nn.Embedding(TIME_CLASSES, width)
        self.rest = nn.Embedding(TIME_CLASSES, width)
        self.beat = nn.Embedding(TICKS_PER_BEAT + 1, width)
        self.bar = nn.Embedding(BAR_CLASSES + 1, width)
        self.sounding = nn.Linear(PITCHES, width, bias=False)

    def forward(self, classes: tuple[Tensor, ...], sounding: Tensor) -> Tensor:
        """Classes [...] int64 of shift, rest, beat and bar, and flags [..., 128] float."""
        summed: Tensor = weighed(classes, (self.shift, self.rest, self.beat, self.bar)) + self.sounding(sounding)
        return summed


class ShiftHead(nn.Module):
    """The next note's shift from the top layer's output alone."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.state = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, TIME_CLASSES)

    def forward(self, top: Tensor) -> Tensor:
        """[..., hidden] -> [..., TIME_CLASSES]."""
        logits: Tensor = self.out(torch.relu(self.state(top)))
        return logits


class FieldHead(nn.Module):
    """A field of the next note from the top layer's output, the note's context and the fields chosen before
    it."""

    def __init__(self, hidden: int, classes: int, chosen: tuple[tuple[str, int], ...]) -> None:
        super().__init__()
        self.state = nn.Linear(hidden, hidden)
        self.context = nn.Linear(hidden, hidden, bias=False)
        self.chosen = nn.ModuleDict({name: nn.Embedding(size, hidden) for name, size in chosen})
        self.skip = nn.Linear(PITCHES, classes, bias=False)
        self.out = nn.Linear(hidden, classes)

    def forward(self, top: Tensor, context: Tensor, sounding: Tensor, chosen: tuple[Tensor, ...] = ()) -> Tensor:
        """[..., hidden] twice, flags [..., 128], and the classes [...] chosen before, in order -> [...,
        classes]."""
        mixed = self.state(top) + self.context(context)
        if chosen:
            tables = tuple(t for t in self.chosen.values() if isinstance(t, nn.Embedding))
            mixed = mixed + weighed(chosen, tables)
        logits: Tensor = self.out(torch.relu(mixed)) + self.skip(sounding)
        return logits


class NoteNet(nn.Module):
    """The whole model. Arrays are time first; classes are int64, flags float."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.part: BatchPart | None = None
        hidden = sizes.hidden
        pitch, velocity = ("pitch", PITCHES), ("velocity", VELOCITY_CLASSES + 1)
        self.context = ContextEmbedding(hidden)
        self.pitch = nn.Embedding(PITCHES, hidden)
        self.velocity = nn.Embedding(VELOCITY_CLASSES + 1, hidden)
        self.lstm = nn.ModuleList(nn.LSTM(hidden, hidden) for _ in range(sizes.layers))
        self.shift_head = ShiftHead(hidden)
        self.pitch_head = FieldHead(hidden, PITCHES, ())
        self.velocity_head = FieldHead(hidden, VELOCITY_CLASSES, (pitch,))
        self.duration_head = FieldHead(hidden, TIME_CLASSES, (pitch, velocity))
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.1)
        nn.init.normal_(self.context.sounding.weight, std=0.1)
        hidden = self.sizes.hidden
        with torch.no_grad():
            for layer in self.lstm:
                # An open forget gate at first (Jozefowicz, Zaremba & Sutskever 2015).
                layer.get_parameter("bias_ih_l0")[hidden : 2 * hidden] += 1.0

    def initial(self, rows: int) -> Memory:
        """The state before anything was heard."""
        zeros = torch.zeros(self.sizes.layers, rows, self.sizes.hidden, device=self.shift_head.out.weight.device)
        return Memory(zeros, zeros.clone())

    def listen(self, given: Tensor, sounding: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Notes as heard, `given` [6, T, B] (shift, rest, beat, bar, pitch, velocity), flags [T, B, 128] ->
        (top [T, B, hidden], state)."""
        *context, pitch, velocity = given.unbind(0)
        values = self.context(tuple(context), sounding) + weighed((pitch, velocity), (self.pitch, self.velocity))
        h, c = [], []
        for layer, h_0, c_0 in zip(self.lstm, memory.h.unsqueeze(1), memory.c.unsqueeze(1), strict=True):
            values, (h_n, c_n) = layer(self.dropped(values), (h_0, c_0))
            h.append(h_n)
            c.append(c_n)
        return values, Memory(torch.cat(h), torch.cat(c))

    def dropped(self, values: Tensor) -> Tensor:
        """The same values, some of them zero while training."""
        return locked_dropout(values, self.sizes.dropout, self.training, self.part)

    def ask(self, top: Tensor, asked: Tensor, sounding: Tensor) -> Logits:
        """All fields of the notes that follow, each given those before it: `asked` [6, T, B] as `given`,
        flags of those notes."""
        *places, pitch, velocity = asked.unbind(0)
        top = self.dropped(top)
        context = self.context(tuple(places), sounding)
        return Logits(
            self.shift_head(top),
            self.pitch_head(top, context, sounding),
            self.velocity_head(top, context, sounding, (pitch,)),
            self.duration_head(top, context, sounding, (pitch, velocity)),
        )

    def forward(self, given: Tensor, asked: Tensor, sounding: Tensor, memory: Memory) -> tuple[Logits, Memory]:
        """A chunk, teacher-forced: as `listen` and `ask`, with flags [T + 1, B, 128] for both."""
        top, memory = self.listen(given, sounding[:-1], memory)
        return self.ask(top, asked, sounding[1:]), memory


def parameter_count(net: nn.Module) -> int:
    """The number of trained numbers."""
    return sum(p.numel() for p in net.parameters())
