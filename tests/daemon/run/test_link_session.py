"""The adapter of Ableton Link's library: with a library written by hand, and with real peers where it is installed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import pytest

from musedaemon.config.checking import conflicts
from musedaemon.config.schema import Config, Ports, Tempo
from musedaemon.errors import ConfigError
from musedaemon.run.chosen import beat_source, link_session
from musedaemon.run.clock import SessionClock
from musedaemon.run.link_session import LinkSession, LinkSettings, open_link_session

needs_link = pytest.mark.skipif(find_spec("link") is None, reason="needs the extra musedaemon[link] (GPL)")
PATIENCE_S = 20.0


class HandState:
    """100 beats a minute; beat 8 was at 5 s of the library's own clock."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.playing = False

    def tempo(self) -> float:
        return 100.0

    def setTempo(self, tempo: float, time: int) -> None:  # noqa: N802
        self.calls.append(("tempo", tempo, time))

    def beatAtTime(self, time: int, quantum: float) -> float:  # noqa: N802
        assert quantum == 3.0
        return 8.0 + (time / 1e6 - 5.0) * 100.0 / 60.0

    def isPlaying(self) -> bool:  # noqa: N802
        return self.playing

    def setIsPlaying(self, playing: bool, time: int) -> None:  # noqa: N802
        self.calls.append(("playing", playing, time))

    def timeForIsPlaying(self) -> int:  # noqa: N802
        return 4_500_000

    def setIsPlayingAndRequestBeatAtTime(self, playing: bool, time: int, beat: float, quantum: float) -> None:  # noqa: N802
        self.calls.append(("playing", playing, time, beat, quantum))


class HandLink:
    """The library's clock is 4 s ahead of ours; it takes 10 microseconds to read either."""

    def __init__(self, bpm: float) -> None:
        self.bpm = bpm
        self.enabled = self.startStopSyncEnabled = False
        self.state = HandState()
        self.committed: list[HandState] = []
        self.peers = 2
        self.at = 1.0
        self.callbacks: dict[str, Callable[[Any], None]] = {}

    def now(self) -> float:
        self.at += 10e-6
        return self.at

    def micros(self) -> int:
        return round((self.now() + 4.0) * 1e6)

    def clock(self) -> HandLink:
        return self

    def numPeers(self) -> int:  # noqa: N802
        return self.peers

    def captureAppSessionState(self) -> HandState:  # noqa: N802
        return self.state

    def commitAppSessionState(self, state: HandState) -> None:  # noqa: N802
        self.committed.append(state)

    def setNumPeersCallback(self, callback: Callable[[int], None]) -> None:  # noqa: N802
        self.callbacks["peers"] = callback

    def setTempoCallback(self, callback: Callable[[float], None]) -> None:  # noqa: N802
        self.callbacks["tempo"] = callback

    def setStartStopCallback(self, callback: Callable[[bool], None]) -> None:  # noqa: N802
        self.callbacks["playing"] = callback


class HandLibrary:
    def __init__(self) -> None:
        self.made: list[HandLink] = []

    def Link(self, bpm: float, /) -> Any:  # noqa: N802
        self.made.append(HandLink(bpm))
        return self.made[-1]


def joined(wake: Callable[[], None] = lambda: None) -> tuple[LinkSession, HandLink]:
    library = HandLibrary()
    session = LinkSession(library, LinkSettings(bpm=90.0, bar_beats=3.0, start_stop=True))
    (link,) = library.made
    session.join(link.now, wake)
    return session, link


def test_it_proposes_our_tempo_and_joins_with_the_transport() -> None:
    _, link = joined()
    assert (link.bpm, link.enabled, link.startStopSyncEnabled) == (90.0, True, True)
    library = HandLibrary()
    LinkSession(library, LinkSettings(start_stop=False))
    assert (library.made[0].enabled, library.made[0].startStopSyncEnabled) == (False, False)


def test_what_it_sees_is_told_in_our_seconds() -> None:
    session, link = joined()
    state = session.look()
    assert state.grid.bpm == 100.0
    assert state.grid.time_of(8.0) == pytest.approx(1.0, abs=2e-6)
    assert state.turned_at == pytest.approx(0.5, abs=2e-6)
    assert (state.playing, state.peers) == (False, 2)
    link.state.playing = True
    assert session.look().playing


def test_the_tightest_of_the_readings_counts() -> None:
    session, link = joined()
    readings = iter([0.3, 0.0, 0.2, 0.1, 0.05])
    unhurried = link.micros

    def interrupted() -> int:
        micros = unhurried()
        link.at += next(readings, 0.0)
        return micros

    link.micros = interrupted  # type: ignore[method-assign]
    assert session.look().grid.time_of(8.0) == pytest.approx(1.0, abs=2e-6)


def test_wishes_are_told_in_the_librarys_microseconds() -> None:
    session, link = joined()
    session.propose(140.0, at=1.5)
    session.start(at=2.0)
    session.stop(at=2.0)  # it does not run: nothing is asked for
    link.state.playing = True
    session.start(at=3.0)
    session.stop(at=4.0)
    told = [(*call[:2], round(call[2], -1), *call[3:]) for call in link.state.calls]
    assert told == [("tempo", 140.0, 5_500_000), ("playing", True, 6_000_000, 0.0, 3.0), ("playing", False, 8_000_000)]
    assert len(link.committed) == 3


def test_whatever_happens_in_the_session_wakes_us() -> None:
    woken: list[int] = []
    _, link = joined(lambda: woken.append(1))
    for name, value in (("peers", 1), ("tempo", 90.0), ("playing", True)):
        link.callbacks[name](value)
    assert len(woken) == 3


def test_leaving_waits_for_the_librarys_last_word() -> None:
    session, link = joined()
    threading.Timer(0.1, lambda: link.callbacks["peers"](0)).start()
    began = time.monotonic()
    session.leave()
    assert time.monotonic() - began >= 0.1
    assert not link.enabled


def test_settings_choose_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    library = HandLibrary()
    module = ModuleType("link")
    module.Link = library.Link  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "link", module)
    for tempo in (Tempo(clock="link"), Tempo(clock="link", bpm_hint=70.0), Tempo(clock="link", bpm=80.0)):
        assert beat_source(tempo, link_session(tempo)).grid is None
    assert [link.bpm for link in library.made] == [120.0, 70.0, 80.0]
    assert link_session(Tempo(clock="midi")) is None


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(ConfigError, match=r"pip install 'musedaemon\[link\]'"):
        open_link_session(LinkSettings())
    monkeypatch.setitem(sys.modules, "link", ModuleType("link"))
    with pytest.raises(ConfigError, match="another package named `link`"):
        open_link_session(LinkSettings())


def test_two_files_have_no_time_to_share() -> None:
    link = Tempo(clock="link")
    assert "leave out --clock link" in conflicts(Config(Ports("call.mid", "jam.MID"), tempo=link))[0]
    assert conflicts(Config(Ports("call.mid", "synth"), tempo=link)) == []


def test_the_library_is_not_loaded_unless_it_is_asked_for() -> None:
    loaded = "import sys, musedaemon.run.preparing, musedaemon.cli.main; sys.exit('link' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


class Other:
    """Somebody else in the session, by the library itself."""

    def __init__(self, bpm: float) -> None:
        self.link: Any = import_module("link").Link(bpm)
        self.link.startStopSyncEnabled = True
        self.link.enabled = True

    @property
    def state(self) -> Any:
        return self.link.captureAppSessionState()

    @property
    def micros(self) -> int:
        micros: int = self.link.clock().micros()
        return micros

    def turn_to(self, bpm: float) -> None:
        state = self.state
        state.setTempo(bpm, self.micros)
        self.link.commitAppSessionState(state)

    def set_playing(self, playing: bool) -> None:
        state = self.state
        state.setIsPlaying(playing, self.micros)
        self.link.commitAppSessionState(state)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Real peers on a real network: there is no virtual time to wait in."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@needs_link
def test_two_real_peers_share_tempo_bars_and_transport_both_ways() -> None:
    other, clock, woken = Other(100.0), SessionClock(), threading.Event()
    time.sleep(1.0)  # theirs is the older session: it is the one that holds
    session = open_link_session(LinkSettings(bpm=90.0, bar_beats=4.0))
    session.join(clock.now, woken.set)
    try:
        wait_until(lambda: session.look().peers > 0)
        assert woken.is_set()
        assert session.look().grid.bpm == pytest.approx(100.0)
        seen, micros, now = session.look(), other.micros, clock.now()
        off = (seen.grid.beat_at(now) - other.state.phaseAtTime(micros, 4.0) + 2.0) % 4.0 - 2.0
        assert abs(off) * 0.6 < 0.003

        other.turn_to(140.0)
        wait_until(lambda: session.look().grid.bpm == pytest.approx(140.0, abs=0.01))
        session.propose(120.0, clock.now())
        wait_until(lambda: other.state.tempo() == pytest.approx(120.0, abs=0.01))

        other.set_playing(True)
        wait_until(lambda: session.look().playing)
        assert abs(session.look().turned_at - clock.now()) < PATIENCE_S
        session.stop(clock.now())
        wait_until(lambda: not other.state.isPlaying())
        session.start(clock.now())
        wait_until(lambda: bool(other.state.isPlaying()))
    finally:
        session.leave()
        other.link.enabled = False
        time.sleep(0.1)


@needs_link
def test_leaving_a_session_with_company_does_not_hang() -> None:
    """The library's destructor waits for its thread with Python's lock held, and that thread may want to call us."""
    for _ in range(3):
        _other, session = Other(100.0), open_link_session(LinkSettings())
        session.join(time.perf_counter, lambda: None)
        wait_until(lambda session=session: session.look().peers > 0)  # type: ignore[misc]
        session.leave()
