"""The main thread is woken up, and no signal ever finds it in the midst of something."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from queue import Queue

import pytest
from support.fakes import FakeModel, FakePort, NoEcho
from support.jam import SETTINGS, Jam

from musedaemon.core.commands import Panicked
from musedaemon.core.engine import Engine
from musedaemon.core.player import Player
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.thru import nothing
from musedaemon.run.clock import SessionClock
from musedaemon.run.musician import PortMusician
from musedaemon.run.realtime import RealTime
from musedaemon.run.threads import Ping
from musedaemon.run.wakeup import Wakeup

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="the system has no such signals")
MANY = 5_000
MORE_THAN_A_SOCKET_HOLDS = 500_000


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def test_a_signal_ends_the_wait_and_is_told_once() -> None:
    wakeup = Wakeup()
    with wakeup.noting([signal.SIGUSR1, signal.SIGUSR2]):
        threading.Timer(0.05, send, (signal.SIGUSR1,)).start()
        assert wakeup.wait(None) == [signal.SIGUSR1]
        assert wakeup.wait(0.0) == []
        send(signal.SIGUSR2)
        send(signal.SIGUSR1)
        send(signal.SIGUSR2)
        assert wakeup.wait(None) == sorted((signal.SIGUSR1, signal.SIGUSR2))
        assert wakeup.wait(0.0) == []


def test_ctrl_c_ends_also_a_wait_that_it_does_not_reach() -> None:
    """As one that comes just before the wait: C notes it, on another thread here, and nothing else ends the wait."""

    def take() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        send(signal.SIGINT)

    wakeup, event = Wakeup(), threading.Event()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        with wakeup.noting([signal.SIGUSR1, signal.SIGINT]):
            threading.Timer(0.1, take).start()
            with pytest.raises(KeyboardInterrupt):
                wakeup.wait_for(event)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        event.set()


def test_an_event_ends_the_wait_for_it() -> None:
    wakeup, event = Wakeup(), threading.Event()
    with wakeup.noting([signal.SIGUSR1]):
        wakeup.ring()
        threading.Timer(0.05, event.set).start()
        wakeup.wait_for(event)
        wakeup.wait_for(event)
    assert event.is_set()


def test_another_thread_ends_the_wait_also_before_it_begins() -> None:
    wakeup = Wakeup()
    wakeup.ring()
    with wakeup.noting([]):
        assert wakeup.wait(None) == []
        ringing = threading.Timer(0.05, wakeup.ring)
        ringing.start()
        assert wakeup.wait(None) == []
        ringing.join()
    wakeup.ring()


def test_it_may_note_more_signals_for_a_while() -> None:
    wakeup = Wakeup()
    with wakeup.noting([signal.SIGUSR1]):
        send(signal.SIGUSR1)
        with wakeup.noting([signal.SIGUSR2]):
            send(signal.SIGUSR2)
            assert wakeup.wait(None) == sorted((signal.SIGUSR1, signal.SIGUSR2))
        send(signal.SIGUSR1)
        assert wakeup.wait(None) == [signal.SIGUSR1]


def failing(wakeup: Wakeup, handler: object) -> None:
    with wakeup.noting([signal.SIGUSR1]):
        assert signal.getsignal(signal.SIGUSR1) is not handler
        raise ZeroDivisionError


def test_all_is_as_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with pytest.raises(ZeroDivisionError):
        failing(Wakeup(), before)
    assert signal.getsignal(signal.SIGUSR1) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_a_signal_is_not_lost_where_the_socket_is_full() -> None:
    wakeup = Wakeup()
    with wakeup.noting([signal.SIGUSR1]):
        for _ in range(MORE_THAN_A_SOCKET_HOLDS):
            wakeup.ring()
        send(signal.SIGUSR1)
        assert wakeup.wait(None) == [signal.SIGUSR1]


def test_thousands_of_signals_while_the_main_thread_writes_its_own_queue() -> None:
    wakeup, inbox, over = Wakeup(), Queue[int](), threading.Event()

    def storm() -> None:
        for _ in range(MANY):
            send(signal.SIGUSR1)
        over.set()
        wakeup.ring()

    with wakeup.noting([signal.SIGUSR1]):
        storming = threading.Thread(target=storm)
        storming.start()
        answered = written = 0
        while not over.is_set():
            for number in wakeup.wait(0.0):
                inbox.put(number)
                answered += 1
            inbox.put(0)
            written += 1
        storming.join()
        answered += len(wakeup.wait(0.0))
    assert answered > 0
    assert inbox.qsize() >= written


class Pinging:
    """A routine that is always due, and puts something into the player's queue each time."""

    def __init__(self, runner: RealTime) -> None:
        self._runner = runner
        self.pings: list[Ping] = []

    def next_deadline(self) -> float:
        return 0.0

    def advance(self, now: float) -> None:
        self.pings.append(self._runner.ping())

    def end(self) -> None:
        pass


def test_a_storm_of_panics_in_a_session_whose_main_thread_pings_without_a_pause() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), SETTINGS)
    record, port = Jam(engine), FakePort()
    runner = RealTime(engine, Player(NoEcho(), nothing), PortMusician(), port, SessionClock(), record, record.turn_over)
    pinging = Pinging(runner)
    runner.routines.append(pinging)
    asked = []

    def panic() -> None:
        asked.append(1)
        runner.panic()

    def storm() -> None:
        pinging_began.wait()
        for _ in range(MANY):
            send(signal.SIGUSR1)
        send(signal.SIGTERM)

    pinging_began = threading.Event()
    storming = threading.Thread(target=storm)
    storming.start()
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        threading.Timer(0.1, pinging_began.set).start()
        runner.run({"SIGUSR1": panic})
    finally:
        signal.signal(signal.SIGUSR1, before)
    storming.join()
    panics = [report for report in record.story if isinstance(report, Panicked)]
    assert len(panics) == len(asked) > 0
    assert len(pinging.pings) > 0
    assert port.closed


WAITING = """
import signal, sys
from musedaemon.run.wakeup import Wakeup
wakeup = Wakeup()
with wakeup.noting([signal.SIGINT, signal.SIGTERM]):
    print("ready", flush=True)
    print(*wakeup.wait(None), flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_only_waits_is_woken_up(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == f"{int(number)}\n"
        assert process.wait() == 0
