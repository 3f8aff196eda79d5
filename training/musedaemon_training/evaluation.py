"""Bits a note of a net on whole pieces, as written, the state carried from the first note to the last."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from musedaemon_training.augment import AS_WRITTEN
from musedaemon_training.batches import Batch, Stream, whole_pieces
from musedaemon_training.device import Device
from musedaemon_training.losses import Tally, costs
from musedaemon_training.model import Memory, NoteNet
from musedaemon_training.shards import Library

ROWS, STEPS = 32, 256


class Tensors:
    """A batch on the device."""

    def __init__(self, batch: Batch, device: torch.device) -> None:
        def moved(array: object) -> Tensor:
            return torch.as_tensor(array).to(device, non_blocking=True)

        self.given = moved(batch.given).long()
        self.asked = moved(batch.asked).long()
        self.targets = moved(batch.targets).long()
        self.sounding = moved(batch.sounding).float()
        self.goes_on = moved(~batch.fresh).float()[None, :, None]

    def carried(self, memory: Memory) -> Memory:
        """The state before this chunk: that after the last one, without its history, zero for rows that
        start an excerpt."""
        return Memory(memory.h.detach().float() * self.goes_on, memory.c.detach().float() * self.goes_on)


@torch.no_grad()
def evaluate(net: NoteNet, library: Library, pieces: Sequence[int], device: Device) -> Tally:
    """The costs of the pieces, each played once as it is written. Leaves the net as it was, training or
    not."""
    was_training = net.training
    net.eval()
    stream = Stream(library, whole_pieces(library, pieces), AS_WRITTEN, ROWS, STEPS, seed=0, endless=False)
    memory, tally = net.initial(ROWS), Tally()
    for batch in stream:
        chunk = Tensors(batch, device.torch_device)
        with device.products():
            logits, memory = net(chunk.given, chunk.asked, chunk.sounding, chunk.carried(memory))
        tally.add(costs(logits, chunk.targets))
    net.train(was_training)
    return tally
