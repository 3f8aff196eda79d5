"""The real-time runner: starts the two threads in order, waits for the end, stops them in reverse."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import Queue
from types import FrameType

from musedaemon.core.commands import Panic
from musedaemon.core.engine import Engine
from musedaemon.core.player import Player
from musedaemon.midi.ports import OutputPort
from musedaemon.run.clock import Clock
from musedaemon.run.musician import Musician
from musedaemon.run.priority import NOT_ASKED, Grant, Precedence, ignore, precedence
from musedaemon.run.recorder import Record
from musedaemon.run.routing import OnClock, OnTurn, nobody
from musedaemon.run.threads import (
    EngineInbox,
    EngineThread,
    OnRefusal,
    PlayerInbox,
    PlayerThread,
    Stop,
    raise_refusal,
)

SWITCH_INTERVAL_S = 0.001
"""How long one Python thread may keep the others waiting (DESIGN 2: 2.2 ms at the callback, against 9.5 at 5 ms)."""
# On Windows a wait without a timeout does not see Ctrl-C.
_SIGNAL_WAIT_S = 0.5 if sys.platform == "win32" else None


_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""SIGHUP too: a terminal that is closed leaves no note ringing. Windows has none."""


class RealTime:
    """One session in real time. Made and run on the main thread.

    `way` is how its player thread asks for real-time priority; `on_grant` hears on the main thread what became of it.
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
        on_clock: OnClock = nobody,
        on_refusal: OnRefusal = raise_refusal,
        to_engine: EngineInbox | None = None,
    ) -> None:
        self.inbox: PlayerInbox = Queue()
        """Where an input port puts what it hears; any thread."""
        self._to_engine: EngineInbox = to_engine or Queue()
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        player_thread = PlayerThread(player, port, clock, self.inbox, self._to_engine, record, on_refusal)
        engine_thread = EngineThread(engine, musician, clock, self._to_engine, self.inbox, record, on_turn, on_clock)
        self._way = way
        self._on_grant = on_grant
        self._granted: Queue[Grant] = Queue()
        with_precedence = partial(self._with_precedence, player_thread.run)
        self._player = threading.Thread(target=self._guarded, args=(with_precedence,), name="musedaemon player")
        self._engine = threading.Thread(target=self._guarded, args=(engine_thread.run,), name="musedaemon engine")

    def panic(self) -> None:
        """Silence, at once; on any thread, and in the handler of a signal.

        Until it stops the main thread puts nothing into the inbox: no handler finds its lock taken by its own thread.
        """
        if not self._stop.is_set():
            self.inbox.put(Panic())

    def run(self) -> None:
        """Play until SIGINT, SIGTERM or the end of a file. Raises what a thread died of, once every note is off."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.collect()
        gc.freeze()
        with _stopped_by_signals(self._stop):
            self._player.start()
            self._on_grant(self._granted.get())
            self._engine.start()
            try:
                while not self._stop.wait(_SIGNAL_WAIT_S):
                    pass
            finally:
                self._to_engine.put(Stop.NOW)
                self._engine.join()
                self.inbox.put(Stop.NOW)
                self._player.join()
        if self._failures:
            raise self._failures[0]

    def _with_precedence(self, life: Callable[[], None]) -> None:
        with precedence(self._way) as grant:
            self._granted.put(grant)
            life()

    def _guarded(self, life: Callable[[], None]) -> None:
        """However a thread ends, the session ends with it."""
        try:
            life()
        except BaseException as failure:  # kept whole, raised again on the main thread
            self._failures.append(failure)
        finally:
            self._stop.set()


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
