"""The real-time runner: starts the two threads in order, waits for the end, stops them in reverse."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from queue import Queue

from musedaemon.core.commands import Panic
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.modes import Mode
from musedaemon.core.player import Player
from musedaemon.midi.ports import OutputPort
from musedaemon.run.clock import Clock
from musedaemon.run.console import leave_echoed_line
from musedaemon.run.musician import Musician
from musedaemon.run.priority import NOT_ASKED, Grant, Precedence, ignore, precedence
from musedaemon.run.process_signals import NO_ANSWERS, Answers, ending, let_in, present
from musedaemon.run.recorder import Record
from musedaemon.run.routine import Routine, due_next
from musedaemon.run.routing import OnNews, OnTurn, nobody
from musedaemon.run.threads import (
    Adopt,
    Dial,
    EngineInbox,
    EngineThread,
    OnRefusal,
    Ping,
    PlayerInbox,
    PlayerThread,
    Stop,
    Tap,
    raise_refusal,
)
from musedaemon.run.wakeup import Wakeup

SWITCH_INTERVAL_S = 0.001
"""How long one Python thread may keep the others waiting (DESIGN 2: 2.2 ms at the callback, against 9.5 at 5 ms)."""


class RealTime:
    """One session in real time. Made and run on the main thread.

    `way` is how its player thread asks for real-time priority; `on_grant` hears on the main thread what became of it.
    `wakeup` may have noted signals already.
    """

    def __init__(
        self,
        engine: Engine,
        player: Player,
        musician: Musician,
        port: OutputPort,
        clock: Clock,
        record: Record,
        on_turn: OnTurn,
        way: Precedence = NOT_ASKED,
        on_grant: Callable[[Grant], None] = ignore,
        on_news: OnNews = nobody,
        on_refusal: OnRefusal = raise_refusal,
        to_engine: EngineInbox | None = None,
        wakeup: Wakeup | None = None,
    ) -> None:
        self.inbox: PlayerInbox = Queue()
        """Where an input port puts what it hears; any thread."""
        self._to_engine: EngineInbox = to_engine or Queue()
        self._core = engine
        self._ended = False
        self._wakeup = wakeup or Wakeup()
        self._failures: list[BaseException] = []
        player_thread = PlayerThread(player, port, clock, self.inbox, self._to_engine, record, on_refusal)
        engine_thread = EngineThread(engine, musician, clock, self._to_engine, self.inbox, record, on_turn, on_news)
        self.routines: list[Routine] = []
        """What the main thread does while the others play."""
        self._clock = clock
        self._way = way
        self._on_grant = on_grant
        self._granted: Queue[Grant | None] = Queue()
        with_precedence = partial(self._with_precedence, player_thread.run)
        self._player = threading.Thread(target=self._guarded, args=(with_precedence,), name="musedaemon player")
        self._engine = threading.Thread(target=self._guarded, args=(engine_thread.run,), name="musedaemon engine")

    def panic(self) -> None:
        """Silence, at once. Any thread."""
        self.inbox.put(Panic())

    def tap(self, at: float) -> None:
        """The musician taps the tempo (seconds). Any thread."""
        self.inbox.put(Tap(at))

    def end(self) -> None:
        """End the session, as Ctrl-C does. Any thread."""
        self._ended = True
        self._wakeup.ring()

    @property
    def mode(self) -> Mode:
        """What the partner does now. Any thread."""
        return self._core.mode

    @property
    def memory(self) -> float:
        """Where the dial of the session memory stands, 0 to 1. Any thread."""
        return self._core.memory.dial

    def switch(self, mode: Mode) -> None:
        """Do something else from now on. Any thread."""
        self._to_engine.put(mode)

    def turn_memory(self, dial: float) -> None:
        """Turn the dial of the session memory, 0 to 1. Any thread."""
        self._to_engine.put(Dial(dial))

    def run(self, answers: Answers = NO_ANSWERS) -> None:
        """Play until SIGINT, SIGTERM or the end of a file; other signals have `answers`.

        Raises what a thread died of, once every note is off.
        """
        answered = present([*answers, *ending()])
        at_signal = {"SIGINT": self._interrupted, **answers}
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.collect()
        gc.freeze()
        with self._wakeup.noting(answered), let_in(answers):
            try:
                self._start()
                while not self._ended:
                    for number in self._wakeup.wait(self._patience()):
                        at_signal.get(answered[signal.Signals(number)], self.end)()
                    self._do_routines()
            finally:
                for routine in self.routines:
                    routine.end()
                self._stop()
        if self._failures:
            raise self._failures[0]

    def _start(self) -> None:
        self._player.start()
        if (grant := self._granted.get()) is not None:
            self._on_grant(grant)
        self._engine.start()

    def _stop(self) -> None:
        """In reverse; a thread that could not be started has nothing to end."""
        self._to_engine.put(Stop.NOW)
        if self._engine.ident is not None:
            self._engine.join()
        self.inbox.put(Stop.NOW)
        if self._player.ident is not None:
            self._player.join()

    def ping(self) -> Ping:
        """Ask both threads whether they are alive."""
        ping = Ping()
        self.inbox.put(ping)
        return ping

    def adopt(self, settings: EngineSettings) -> None:
        """Play by these settings from now on. Any thread."""
        self._to_engine.put(Adopt(settings))

    def look(self) -> None:
        """A routine has something to do. Any thread."""
        self._wakeup.ring()

    def _patience(self) -> float | None:
        """How long the main thread may wait (seconds)."""
        due = due_next(self.routines)
        return None if due == float("inf") else max(due - self._clock.now(), 0.0)

    def _do_routines(self) -> None:
        now = self._clock.now()
        for routine in self.routines:
            if routine.next_deadline() <= now:
                routine.advance(now)

    def _with_precedence(self, life: Callable[[], None]) -> None:
        try:
            with precedence(self._way) as grant:
                self._granted.put(grant)
                life()
        finally:
            self._granted.put(None)  # where it died of asking, nobody waits for the answer

    def _guarded(self, life: Callable[[], None]) -> None:
        """However a thread ends, the session ends with it."""
        try:
            life()
        except BaseException as failure:  # kept whole, raised again on the main thread
            self._failures.append(failure)
        finally:
            self.end()

    def _interrupted(self) -> None:
        """At Ctrl-C."""
        leave_echoed_line()
        self.end()
