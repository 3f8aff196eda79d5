"""The training loop: truncated back-propagation through time, the state carried from chunk to chunk (Mikolov
et al. 2010)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from musedaemon.errors import TrainingError
from musedaemon_training import checkpoint, plan
from musedaemon_training.augment import Odds
from musedaemon_training.averaging import AveragedWeights
from musedaemon_training.batches import Batch, ShuffledExcerpts, Stream
from musedaemon_training.checkpoint import Config
from musedaemon_training.device import Device
from musedaemon_training.evaluation import Tensors, evaluate
from musedaemon_training.losses import Tally, costs
from musedaemon_training.model import BatchPart, Memory, NoteNet
from musedaemon_training.plan import Plan
from musedaemon_training.prefetch import Prefetch
from musedaemon_training.progress import Display, Metrics, bits_text
from musedaemon_training.ranks import Agreed, Ranks
from musedaemon_training.reporting import Moment, Report
from musedaemon_training.resuming import Moving
from musedaemon_training.shards import Library

CLIP_NORM = 1.0
WEIGHT_DECAY = 0.02
VALIDATE_EVERY_S = 200.0
VALIDATE_AFTER_EPOCH_S = 20.0
VALIDATION_TIMES = 10.0
"""So many times as long as the last validation took, there is none."""


ALONE = Ranks()
UNWRITTEN = Metrics(None)


class Training:
    """One run, in one thread beside its batch maker; of several processes, each has one. `folder` receives `last/`
    and `best/` from the first."""

    def __init__(
        self,
        plan_: Plan,
        net: NoteNet,
        library: Library,
        parts: tuple[Sequence[int], Sequence[int]],
        device: Device,
        folder: Path,
        ranks: Ranks = ALONE,
        metrics: Metrics = UNWRITTEN,
    ) -> None:
        self.plan, self.net, self.library, self.device, self.folder = plan_, net, library, device, folder
        self.ranks, self.metrics = ranks, metrics
        self.training_pieces, self.validation_pieces = parts
        self.notes_an_epoch = sum(library.length(i) - 1 for i in self.training_pieces)
        self.optimiser = torch.optim.AdamW(
            net.parameters(), lr=plan_.rate, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY, fused=True
        )
        self.average = AveragedWeights(net)
        self._moving = Moving(self.optimiser, self.average, device.torch_device)
        own = self.ranks.rows(plan_.rows)
        net.part = BatchPart(own.start, own.stop, plan_.rows)
        self._parallel = self.ranks.parallel(net)
        self.memory = net.initial(len(own))
        excerpts = ShuffledExcerpts(library, self.training_pieces, plan_.seed)
        self.stream = Stream(library, excerpts, Odds(), plan_.rows, plan.STEPS, plan_.seed, own=own)
        self.position = self.stream.position()
        self.step = self.notes = self.since_best = 0
        self.validated_step = -1
        self.seconds = self._validating_s = 0.0
        self._last_validation = (0.0, 0, VALIDATE_AFTER_EPOCH_S)
        self.best: dict[str, float] = {}

    def done(self) -> float:
        """The part of the run behind us, 0 to 1."""
        if self.plan.budget.is_out_of_patience(self.since_best):
            return 1.0
        return self.plan.budget.done(self.notes, self.notes_an_epoch, self.seconds)

    def is_complete(self) -> bool:
        """Whether nothing is left to do: the budget is spent, or patience, and the last step is validated."""
        return self.done() == 1.0 and self.validated_step == self.step

    def rate(self) -> float:
        """The learning rate now."""
        return self.plan.rate_at(self.step, self.done())

    def learn(self, batch: Batch) -> Tally:
        """One step of the optimiser; the costs of this process's rows."""
        chunk = Tensors(batch, self.device.torch_device)
        with self.device.products():
            logits, memory = self._parallel(chunk.given, chunk.asked, chunk.sounding, chunk.carried(self.memory))
        cost = costs(logits, chunk.targets)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.optimiser.zero_grad(set_to_none=True)
        # Gradients are averaged over the processes: each counts its nats as often as there are processes.
        loss = cost.loss(batch.notes) * self.ranks.world
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), CLIP_NORM)
        self.optimiser.step()
        self.average.update()
        self.memory = Memory(memory.h.detach(), memory.c.detach())
        self.position = batch.after
        self.step += 1
        self.notes += batch.notes
        tally = Tally()
        tally.add(cost)
        return tally

    def validate(self, show: Display) -> None:
        """Score the weights and their average; keep the better one, by `total`, if it is the best so far, and save
        where we stand."""
        own = self._score()
        with self.average.in_use():
            averaged = self._score()
            kind, bits = ("average", averaged) if averaged["total"] < own["total"] else ("own", own)
            is_best = bits["total"] < self.best.get("total", math.inf)
            if is_best and kind == "average":
                self._save_best(bits, kind)
        if is_best and kind == "own":
            self._save_best(bits, kind)
        self.since_best = 0 if is_best else self.since_best + 1
        self.validated_step = self.step
        self.metrics.write(
            {"kind": "validation", **self._where(), "weights": kind, "is_best": is_best, "bits": bits, "own": own}
        )
        self.save()
        show.say(f"validation after {self.notes / 1e6:.2f} M notes: {bits_text(bits)}{' (best)' if is_best else ''}")

    def _score(self) -> dict[str, float]:
        pieces = self.validation_pieces[self.ranks.rank :: self.ranks.world]
        tally = evaluate(self.net, self.library, pieces, self.device)
        return self.ranks.agreed(Agreed(0.0, False, tally)).tally.bits()

    def _where(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "notes": self.notes,
            "seconds": self.seconds,
            "epoch": self.notes / self.notes_an_epoch,
        }

    def _config(self, scores: dict[str, float], weights: str) -> Config:
        return Config(self.plan.sizes, scores=scores, recipe=self.plan.recipe, notes=self.notes, weights=weights)

    def _save_best(self, bits: dict[str, float], weights: str) -> None:
        self.best = bits
        if self.ranks.is_first:
            checkpoint.save(self.folder / "best", self._config(bits, weights), self.net.state_dict())

    def save(self) -> None:
        """Write `last/`, from which the run goes on exactly."""
        memory = self._memory_of_all()
        if not self.ranks.is_first:
            return
        values = {**self._where(), "position": self.position, "best": self.best, "since_best": self.since_best}
        values["validated_step"] = self.validated_step
        progress = self._moving.progress({**values, "notes_an_epoch": self.notes_an_epoch}, memory)
        checkpoint.save(self.folder / "last", self._config({}, "own"), self.net.state_dict(), progress)

    def _memory_of_all(self) -> Memory:
        """The state of all rows of the batch: each process puts its own among zeros."""
        own, whole = self.ranks.rows(self.plan.rows), self.net.initial(self.plan.rows)
        for part, mine in zip(whole, self.memory, strict=True):
            part[:, own.start : own.stop] = mine.float()
            self.ranks.summed(part)
        return whole

    def restore(self) -> None:
        """Go on from `last/`: weights, optimiser, average, state, random numbers and place in the stream. Raises
        TrainingError where it does not hold them.
        """
        try:
            self._restore()
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise TrainingError(
                f"The run in {self.folder} cannot be resumed, what it saved is damaged; train with its best/ as --init."
            ) from error

    def _restore(self) -> None:
        self.net.load_state_dict(checkpoint.load(self.folder / "last").weights)
        progress = checkpoint.load_progress(self.folder / "last")
        values, own = progress.values, self.ranks.rows(self.plan.rows)
        self.step, self.notes, self.seconds = values["step"], values["notes"], values["seconds"]
        self.best, self.since_best = values["best"], values.get("since_best", 0)
        self.validated_step = values.get("validated_step", -1)
        memory = self._moving.restore(progress)
        self.memory = Memory(*(part[:, own.start : own.stop].contiguous() for part in memory))
        # The place in an epoch only means something for the same pieces; others begin with a new epoch.
        is_same = values.get("notes_an_epoch", self.notes_an_epoch) == self.notes_an_epoch
        self.stream.restore(values["position"] if is_same else self.stream.after_epoch(values["position"]["epoch"]))
        self.position = self.stream.position()
        self.metrics.cut_after(self.step)

    def run(self, show: Display, interrupted: Callable[[], bool]) -> bool:
        """Train until the budget is spent or patience ends; False when interrupted before. Either way all is saved."""
        self.net.train()
        clock, began = _Clock(self.seconds), self.seconds
        stopped = self._agree(clock, Tally(), interrupted()).interrupted
        self._last_validation = self.seconds, self.notes // self.notes_an_epoch, VALIDATE_AFTER_EPOCH_S
        if self.plan.starts_trained and self.step == 0:
            self._validate_in_time(clock, show)
        with Prefetch(self.stream) as batches:
            report = Report(show, self.metrics, self._moment(batches.waited_s))
            while self.done() < 1.0 and not stopped:
                agreed = self._agree(clock, self.learn(next(batches)), interrupted())
                stopped = agreed.interrupted
                report.add(agreed.tally, self._moment(batches.waited_s))
                if self.done() < 1.0 and self._validation_is_due():
                    self._validate_in_time(clock, show)
                    report.pass_over(self._moment(batches.waited_s))
            training_s = self.seconds - began - self._validating_s
            show.say(report.end(self._moment(batches.waited_s), training_s))
        if stopped and self.done() < 1.0:
            self.save()
            return False
        if not self.plan.budget.is_out_of_patience(self.since_best):
            self.validate(show)
        return True

    def _agree(self, clock: _Clock, tally: Tally, interrupted: bool) -> Agreed:
        agreed = self.ranks.agreed(Agreed(clock.seconds(), interrupted, tally))
        self.seconds = agreed.seconds
        return agreed

    def _validate_in_time(self, clock: _Clock, show: Display) -> None:
        before = self.seconds
        self.validate(show)
        self._agree(clock, Tally(), False)
        self._validating_s += self.seconds - before
        self._last_validation = self.seconds, self.notes // self.notes_an_epoch, self.seconds - before

    def _moment(self, waited_s: float) -> Moment:
        return Moment(self._where(), self.notes, self.seconds, waited_s, self.done(), self.rate())

    def _validation_is_due(self) -> bool:
        at, epoch, took = self._last_validation
        epoch_is_over = self.notes // self.notes_an_epoch > epoch
        return self.seconds - at > VALIDATE_EVERY_S or (
            epoch_is_over and self.seconds - at > min(VALIDATE_AFTER_EPOCH_S, VALIDATION_TIMES * took)
        )


class _Clock:
    """Seconds of training, those before a resume included."""

    def __init__(self, before: float) -> None:
        self._start = time.monotonic() - before

    def seconds(self) -> float:
        return time.monotonic() - self._start
