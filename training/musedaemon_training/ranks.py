"""The processes of a run: one, or as many as `torchrun` starts. Each has its rows of every batch; all agree on time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, NoReturn, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from musedaemon.errors import MusedaemonError, TrainingError
from musedaemon_training.losses import Tally

LONGEST_WAIT = timedelta(hours=24)
"""The others wait while the first process of a machine reads a corpus; torchrun itself ends them if one dies."""


T = TypeVar("T")


class Agreed(NamedTuple):
    """The first process's time, whether any was interrupted, and the costs of all."""

    seconds: float
    interrupted: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process's place: `rank` of `world`, `local` on its machine."""

    rank: int = 0
    world: int = 1
    local: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes and talks."""
        return self.rank == 0

    def rows(self, total: int) -> range:
        """This process's rows of a batch, neighbours. Raises TrainingError when there are not enough for all."""
        if total < self.world:
            raise TrainingError(f"{self.world} processes cannot share {total} rows; give --rows {self.world} or more.")
        return range(total * self.rank // self.world, total * (self.rank + 1) // self.world)

    def device(self, device: torch.device) -> torch.device:
        """The device of this process: on CUDA, a card for each."""
        return torch.device("cuda", self.local) if device.type == "cuda" and self.world > 1 else device

    def parallel(self, net: nn.Module) -> nn.Module:
        """The net with gradients averaged over all processes."""
        return DistributedDataParallel(net) if self.world > 1 else net

    def summed(self, values: Tensor) -> Tensor:
        """The sum over all processes, the same in each."""
        if self.world > 1:
            distributed.all_reduce(values)
        return values

    def from_first(self, make: Callable[[], T]) -> T:
        """What the first process makes, in all; a MusedaemonError there is raised in all."""
        if self.world == 1:
            return make()
        told: list[Any] = [None]
        if self.is_first:
            try:
                told = [make()]
            except MusedaemonError as error:
                told = [error]
        distributed.broadcast_object_list(told, device=torch.device("cpu"))
        made: T | MusedaemonError = told[0]
        if isinstance(made, MusedaemonError):
            raise made
        return made

    def agreed(self, standing: Agreed) -> Agreed:
        """What all processes decide by, which must be the same in all."""
        if self.world == 1:
            return standing
        seconds = standing.seconds if self.is_first else 0.0
        told = [seconds, float(standing.interrupted), *standing.tally.nats, *standing.tally.counts]
        seconds, interrupted, *sums = self.summed(torch.tensor(told, dtype=torch.float64)).tolist()
        half = len(sums) // 2
        return Agreed(seconds, interrupted > 0.0, Tally(sums[:half], sums[half:]))

    @contextmanager
    def first_of_machine_before_others(self) -> Iterator[None]:
        """The block runs in the first process of each machine, then in the others; a MusedaemonError ends all."""
        if self.local != 0:
            self._raise_first(None)
        error = None
        try:
            yield
        except MusedaemonError as raised:
            error = raised
        if self.local == 0:
            self._raise_first(error)
        elif error:
            raise error

    def _raise_first(self, error: MusedaemonError | None) -> None:
        """Raise in all processes what any of them has come with."""
        errors: list[MusedaemonError | None] = [error]
        if self.world > 1:
            errors *= self.world
            distributed.all_gather_object(errors, error)
        if first := next(filter(None, errors), None):
            raise first


@contextmanager
def joined() -> Iterator[Ranks]:
    """The processes that torchrun started together, or this one alone; parted when all are at the end of the block."""
    if _world() == 1:
        yield Ranks()
        return
    ranks = Ranks(*(int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")))
    # Small agreements between processors go by gloo, gradients between cards by nccl.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=LONGEST_WAIT)
    try:
        yield ranks
        # torchrun ends them all when one ends with another status than 0: the first may still be drawing its curves.
        ranks.summed(torch.zeros(1))
    finally:
        distributed.destroy_process_group()


def end_process(status: int) -> NoReturn:
    """End this process with that status: all is written, no other thread of ours runs.

    One of several ends without the interpreter's own way out. DistributedDataParallel (torch 2.13) never lets gloo's
    threads go, and one that asks for an interpreter that is ending aborts the process: torchrun then ends the first
    process before its last files are written.
    """
    if _world() == 1:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _world() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
