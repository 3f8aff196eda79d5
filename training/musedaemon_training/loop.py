"""The training loop: truncated back-propagation through time, the state carried from chunk to chunk (Mikolov
et al. 2010)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from musedaemon_training import checkpoint
from musedaemon_training.augment import Odds
from musedaemon_training.averaging import AveragedWeights
from musedaemon_training.batches import Batch, ShuffledExcerpts, Stream
from musedaemon_training.checkpoint import Config, Progress
from musedaemon_training.device import Device
from musedaemon_training.evaluation import Tensors, evaluate
from musedaemon_training.losses import Tally, costs
from musedaemon_training.model import Memory, NoteNet, Sizes
from musedaemon_training.prefetch import Prefetch
from musedaemon_training.progress import Display, Metrics, bits_text
from musedaemon_training.reporting import Moment, Report
from musedaemon_training.shards import Library

ROWS, STEPS = 64, 128
WARM_UP_STEPS = 100
LAST_RATE_PART = 0.01
CLIP_NORM = 1.0
WEIGHT_DECAY = 0.02
VALIDATE_EVERY_S = 200.0
VALIDATE_AFTER_EPOCH_S = 20.0


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to train: whole passes over the training notes, or minutes of training, validation
    included."""

    epochs: float | None
    minutes: float | None

    def done(self, notes: int, notes_an_epoch: int, seconds: float) -> float:
        """The part of the run behind us, 0 to 1."""
        by_notes = notes / (self.epochs * notes_an_epoch) if self.epochs is not None else 0.0
        by_time = seconds / (60.0 * self.minutes) if self.minutes is not None else 0.0
        return min(max(by_notes, by_time), 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a run's curve."""

    sizes: Sizes
    budget: Budget
    seed: int
    rate: float
    recipe: str


class Training:
    """One run, in one thread beside its batch maker. `folder` receives `last/`, `best/` and
    `metrics.jsonl`."""

    def __init__(
        self,
        plan: Plan,
        net: NoteNet,
        library: Library,
        parts: tuple[Sequence[int], Sequence[int]],
        device: Device,
        folder: Path,
    ) -> None:
        self.plan, self.net, self.library, self.device, self.folder = plan, net, library, device, folder
        self.training_pieces, self.validation_pieces = parts
        self.notes_an_epoch = sum(library.length(i) - 1 for i in self.training_pieces)
        self.optimiser = torch.optim.AdamW(
            net.parameters(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY, fused=True
        )
        self.average = AveragedWeights(net)
        self.memory = net.initial(ROWS)
        excerpts = ShuffledExcerpts(library, self.training_pieces, plan.seed)
        self.stream = Stream(library, excerpts, Odds(), ROWS, STEPS, plan.seed)
        self.position = self.stream.position()
        self.step = self.notes = 0
        self.seconds = 0.0
        self.best: dict[str, float] = {}
        self.metrics = Metrics(folder / "metrics.jsonl")

    def done(self) -> float:
        """The part of the run behind us, 0 to 1."""
        return self.plan.budget.done(self.notes, self.notes_an_epoch, self.seconds)

    def rate(self) -> float:
        """The learning rate now: a short warm-up, then half a cosine over the run."""
        cosine = 0.5 * (1.0 + math.cos(math.pi * self.done()))
        warm = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        return self.plan.rate * warm * (LAST_RATE_PART + (1.0 - LAST_RATE_PART) * cosine)

    def learn(self, batch: Batch) -> Tally:
        """One step of the optimiser."""
        chunk = Tensors(batch, self.device.torch_device)
        with self.device.products():
            logits, memory = self.net(chunk.given, chunk.asked, chunk.sounding, chunk.carried(self.memory))
        cost = costs(logits, chunk.targets)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.optimiser.zero_grad(set_to_none=True)
        cost.loss().backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
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
        """Score the weights and their average; keep the better one if it is the best so far, and save where
        we stand."""
        own = evaluate(self.net, self.library, self.validation_pieces, self.device).bits()
        with self.average.in_use():
            averaged = evaluate(self.net, self.library, self.validation_pieces, self.device).bits()
            kind, bits = ("average", averaged) if averaged["total"] < own["total"] else ("own", own)
            is_best = bits["total"] < self.best.get("total", math.inf)
            if is_best and kind == "average":
                self._save_best(bits, kind)
        if is_best and kind == "own":
            self._save_best(bits, kind)
        self.metrics.write(
            {"kind": "validation", **self._where(), "weights": kind, "is_best": is_best, "bits": bits, "own": own}
        )
        self.save()
        show.say(f"validation after {self.notes / 1e6:.2f} M notes: {bits_text(bits)}{' (best)' if is_best else ''}")

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
        checkpoint.save(self.folder / "best", self._config(bits, weights), self.net.state_dict())

    def save(self) -> None:
        """Write `last/`, from which the run goes on exactly."""
        tensors: dict[str, Tensor] = {
            "memory.h": self.memory.h,
            "memory.c": self.memory.c,
            "rng.cpu": torch.get_rng_state(),
        }
        if self.device.torch_device.type == "cuda":
            tensors["rng.cuda"] = torch.cuda.get_rng_state(self.device.torch_device)
        tensors |= {f"average.{name}": value for name, value in self.average.weights.items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{key}": value for key, value in state.items()}
        values = {**self._where(), "position": self.position, "updates": self.average.updates, "best": self.best}
        checkpoint.save(self.folder / "last", self._config({}, "own"), self.net.state_dict(), Progress(values, tensors))

    def restore(self) -> None:
        """Go on from `last/`: weights, optimiser, average, state, random numbers and place in the stream."""
        self.net.load_state_dict(checkpoint.load(self.folder / "last").weights)
        values, tensors = (progress := checkpoint.load_progress(self.folder / "last")).values, progress.tensors
        self.step, self.notes, self.seconds = values["step"], values["notes"], values["seconds"]
        self.best, self.position = values["best"], values["position"]
        self.stream.restore(self.position)
        device = self.device.torch_device
        self.memory = Memory(tensors["memory.h"].to(device), tensors["memory.c"].to(device))
        self.average.restore(_below(tensors, "average."), values["updates"])
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below(tensors, "optimiser.").items():
            index, key = name.split(".", 1)
            states.setdefault(int(index), {})[key] = tensor
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": states, "param_groups": groups})
        torch.set_rng_state(tensors["rng.cpu"])
        if "rng.cuda" in tensors and device.type == "cuda":
            torch.cuda.set_rng_state(tensors["rng.cuda"], device)
        self.metrics.cut_after(self.step)

    def run(self, show: Display, interrupted: Callable[[], bool]) -> bool:
        """Train until the budget is spent; False when interrupted before. Either way all is saved."""
        self.net.train()
        clock = _Clock(self.seconds)
        validated = self.seconds, self.notes // self.notes_an_epoch
        with Prefetch(self.stream) as batches:
            report = Report(show, self.metrics, self._moment(batches.waited_s))
            while self.done() < 1.0 and not interrupted():
                tally = self.learn(next(batches))
                self.seconds = clock.seconds()
                report.add(tally, self._moment(batches.waited_s))
                if self.done() < 1.0 and self._validation_is_due(*validated):
                    self.validate(show)
                    self.seconds = clock.seconds()
                    validated = self.seconds, self.notes // self.notes_an_epoch
                    report.pass_over(self._moment(batches.waited_s))
        if self.done() < 1.0:
            self.save()
            return False
        self.validate(show)
        return True

    def _moment(self, waited_s: float) -> Moment:
        return Moment(self._where(), self.notes, self.seconds, waited_s, self.done(), self.rate())

    def _validation_is_due(self, last_seconds: float, last_epoch: int) -> bool:
        since = self.seconds - last_seconds
        epoch_is_over = self.notes // self.notes_an_epoch > last_epoch
        return since > VALIDATE_EVERY_S or (epoch_is_over and since > VALIDATE_AFTER_EPOCH_S)


class _Clock:
    """Seconds of training, those before a resume included."""

    def __init__(self, before: float) -> None:
        self._start = time.monotonic() - before

    def seconds(self) -> float:
        return time.monotonic() - self._start


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
