"""Whether a model that was opened can be played: one note, before the first one counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from musedaemon.encoding import PITCHES, TIME_CLASSES, VELOCITY_CLASSES, ContextTracker
from musedaemon.model.protocol import NoteModel, State

_PITCH, _VELOCITY = 60, 16

Result = TypeVar("Result")


@np.errstate(all="ignore")  # what comes of it is looked at
def probe(model: NoteModel) -> str:
    """Take a step and ask for every field of a note: what is wrong, as the end of "it ...", or "". Raises whatever the
    model raises.
    """
    before = model.initial_state()
    context = ContextTracker().context(0)
    state = model.step(before, context, _PITCH, _VELOCITY)
    asked = {
        TIME_CLASSES: (state.shift_logits, model.duration_logits(state, context, _PITCH, _VELOCITY)),
        PITCHES: (model.pitch_logits(state, context),),
        VELOCITY_CLASSES: (model.velocity_logits(state, context, _PITCH),),
    }
    if any(logits.shape != (classes,) for classes, told in asked.items() for logits in told):
        return "gives another number of classes than a note has"
    if [part.shape for part in state] != [part.shape for part in before]:
        return "gives a state of another shape than it takes"
    answers = [*state, *(logits for told in asked.values() for logits in told)]
    if not all(np.isfinite(answer).all() for answer in answers):
        return "answers with what is no number"
    return _second_step(model, state)


def _second_step(model: NoteModel, state: State) -> str:
    """From zeros, weights that act on the state do nothing."""
    after = model.step(state, ContextTracker().context(0), _PITCH, _VELOCITY)
    return "" if all(np.isfinite(part).all() for part in after) else "answers with what is no number"


def within(longest_s: float, work: Callable[[], Result]) -> Result:
    """What `work` returns or raises, done on a thread of its own; TimeoutError if it takes longer (seconds), and then
    the thread is left to itself: nothing can stop it, and it does not keep the process.
    """
    done: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="musedaemon opening", daemon=True)
    thread.start()
    thread.join(longest_s)
    if thread.is_alive():
        raise TimeoutError
    if failed:
        raise failed[0]
    return done[0]
