"""The daemon over JACK in an Ableton Link session with a peer of another process: this one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.midi_balance import unbalanced

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(find_spec("link") is None, reason="needs the extra musedaemon[link] (GPL)"),
]

ASSETS = Path(__file__).parents[2] / "assets"
IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
PHRASE = [
    event
    for index, pitch in enumerate((60, 62, 64, 65, 67, 65))
    for event in ((index * 0.125, bytes((0x90, pitch, 80))), (index * 0.125 + 0.1, bytes((0x80, pitch, 64))))
]


@contextmanager
def daemon() -> Iterator[subprocess.Popen[str]]:
    """In a session, replies on the bar; it must end by itself and say nothing but that we have left."""
    options = (
        "--api",
        "jack",
        "--no-thru",
        "--clock",
        "link",
        "--start-on",
        "bar",
        "--bpm",
        "90",
        "--hand-over",
        "0.2",
    )
    command = [sys.executable, "-m", "musedaemon", "--config", str(ASSETS / "long_replies.toml"), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield process
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert err == ""
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


@contextmanager
def a_peer(bpm: float) -> Iterator[Any]:
    """Whose session is there first, so that its tempo is the one that holds."""
    link = import_module("link").Link(bpm)
    link.startStopSyncEnabled = True
    link.enabled = True
    time.sleep(1.0)
    try:
        yield link
    finally:
        link.enabled = False


def phase_s(peer: Any, ago_s: float) -> float:
    """How long after a bar line of the peer's a moment was (seconds), before it with a negative sign."""
    state, micros = peer.captureAppSessionState(), peer.clock().micros()
    beats = (state.phaseAtTime(micros - round(ago_s * 1e6), 4.0) + 2.0) % 4.0 - 2.0
    return float(beats * 60.0 / state.tempo())


def change(peer: Any, bpm: float | None = None, playing: bool | None = None) -> None:
    state, micros = peer.captureAppSessionState(), peer.clock().micros()
    if bpm is not None:
        state.setTempo(bpm, micros)
    if playing is not None:
        state.setIsPlaying(playing, micros)
    peer.commitAppSessionState(state)


def test_replies_begin_on_a_peers_bars_and_its_stop_silences_them(jack_server: JackServer) -> None:
    with a_peer(bpm=100.0) as peer, daemon(), JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        wait_until(lambda: peer.numPeers() == 1, 20.0, lambda: "nobody came into the session")
        assert peer.captureAppSessionState().tempo() == pytest.approx(100.0)
        change(peer, bpm=140.0, playing=True)
        time.sleep(2.5)  # a bar of the new tempo, and Link's word of it
        bench.play(PHRASE, into=IN)
        (first, _), *_ = bench.wait_for(1, patience=20.0)
        off = phase_s(peer, bench.now() - first)
        assert abs(off) < 0.05  # generous: the dummy driver loses time on a busy machine
        bench.wait_for(5)
        change(peer, playing=False)
        stopped = bench.now()
        recorded = bench.wait_for_silence(1.5)
    assert unbalanced([data for _, data in recorded]) == {}
    assert recorded[-1][0] < stopped + 1.0  # and not some thirteen seconds later
