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
PLACES = (("shift", TIME_CLASSES), ("rest", TIME_CLASSES), ("beat", TICKS_PER_BEAT + 1), ("bar", BAR_CLASSES + 1))
"""The fields that place a note, with their classes."""
_PITCH, _VELOCITY = ("pitch", PITCHES), ("velocity", VELOCITY_CLASSES + 1)
_NARROWEST_HEAD = 16


def head_width(hidden: int) -> int:
    """How many numbers a head makes of the state: half of it, for a note costs four heads."""
    return max(hidden // 2, min(hidden, _NARROWEST_HEAD))


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


class Known(nn.Module):
    """What is known of a note, as one vector [..., width]: a row for the class of each field, and the pitches
    that sound."""

    def __init__(self, width: int, fields: tuple[tuple[str, int], ...]) -> None:
        super().__init__()
        self.of = nn.ModuleDict({name: nn.Embedding(classes, width) for name, classes in fields})
        self.sounding = nn.Linear(PITCHES, width, bias=False)

    def forward(self, classes: tuple[Tensor, ...], sounding: Tensor) -> Tensor:
        """Classes [...] int64 of each field, and flags [..., 128] float."""
        tables = tuple(table for table in self.of.values() if isinstance(table, nn.Embedding))
        summed: Tensor = weighed(classes, tables) + self.sounding(sounding)
        return summed


class ShiftHead(nn.Module):
    """The next note's shift from what was heard alone."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.state = nn.Linear(hidden, width)
        self.out = nn.Linear(width, TIME_CLASSES)

    def forward(self, top: Tensor) -> Tensor:
        """[..., hidden] -> [..., TIME_CLASSES]."""
        logits: Tensor = self.out(torch.relu(self.state(top)))
        return logits


class FieldHead(nn.Module):
    """A field of the next note from what was heard and what is known of the note already."""

    def __init__(self, width: int, classes: int, chosen: tuple[tuple[str, int], ...]) -> None:
        super().__init__()
        self.known = Known(width, (*PLACES, *chosen))
        self.skip = nn.Linear(PITCHES, classes, bias=False)
        self.out = nn.Linear(width, classes)

    def forward(self, prepared: Tensor, known: tuple[Tensor, ...], sounding: Tensor) -> Tensor:
        """`prepared` [..., width] from the state, the classes [...] of the place and of the fields chosen
        before, in order, flags [..., 128] -> [..., classes]."""
        logits: Tensor = self.out(torch.relu(prepared + self.known(known, sounding))) + self.skip(sounding)
        return logits


class NoteNet(nn.Module):
    """The whole model. Arrays are time first; classes are int64, flags float."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.part: BatchPart | None = None
        hidden, width = sizes.hidden, head_width(sizes.hidden)
        self.heard = Known(hidden, (*PLACES, _PITCH, _VELOCITY))
        self.lstm = nn.ModuleList(nn.LSTM(hidden, hidden) for _ in range(sizes.layers))
        self.prepare = nn.Linear(hidden, 3 * width, bias=False)
        self.shift_head = ShiftHead(hidden, width)
        self.pitch_head = FieldHead(width, PITCHES, ())
        self.velocity_head = FieldHead(width, VELOCITY_CLASSES, (_PITCH,))
        self.duration_head = FieldHead(width, TIME_CLASSES, (_PITCH, _VELOCITY))
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.1)
            if isinstance(module, Known):
                nn.init.normal_(module.sounding.weight, std=0.1)
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
        (top [T, B, hidden], the sum of all layers' outputs, and the state)."""
        values = self.heard(tuple(given.unbind(0)), sounding)
        top = torch.zeros_like(values)
        h, c = [], []
        for layer, h_0, c_0 in zip(self.lstm, memory.h.unsqueeze(1), memory.c.unsqueeze(1), strict=True):
            out, (h_n, c_n) = layer(self.dropped(values), (h_0, c_0))
            # Residual: each layer adds to those below it. Without, a stack of layers hardly learns the key.
            values = top = top + out
            h.append(h_n)
            c.append(c_n)
        return top, Memory(torch.cat(h), torch.cat(c))

    def dropped(self, values: Tensor) -> Tensor:
        """The same values, some of them zero while training."""
        return locked_dropout(values, self.sizes.dropout, self.training, self.part)

    def prepared(self, top: Tensor) -> tuple[Tensor, ...]:
        """What the heads of pitch, velocity and duration take from the state: three of [..., width]."""
        parts: tuple[Tensor, ...] = self.prepare(top).chunk(3, dim=-1)
        return parts

    def ask(self, top: Tensor, asked: Tensor, sounding: Tensor) -> Logits:
        """All fields of the notes that follow, each given those before it: `asked` [6, T, B] as `given`,
        flags of those notes."""
        fields = tuple(asked.unbind(0))
        top = self.dropped(top)
        pitch, velocity, duration = self.prepared(top)
        return Logits(
            self.shift_head(top),
            self.pitch_head(pitch, fields[:4], sounding),
            self.velocity_head(velocity, fields[:5], sounding),
            self.duration_head(duration, fields[:6], sounding),
        )

    def forward(self, given: Tensor, asked: Tensor, sounding: Tensor, memory: Memory) -> tuple[Logits, Memory]:
        """A chunk, teacher-forced: as `listen` and `ask`, with flags [T + 1, B, 128] for both."""
        top, memory = self.listen(given, sounding[:-1], memory)
        return self.ask(top, asked, sounding[1:]), memory


def parameter_count(net: nn.Module) -> int:
    """The number of trained numbers."""
    return sum(p.numel() for p in net.parameters())
