"""Ports and servers that vanish under the daemon, as a process of its own on a real MIDI bus, and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer, launched
from support.live_daemon import PHRASE, daemon, data_of, finish, next_line

pytestmark = pytest.mark.jack

IN = "musedaemon-in:musedaemon in"
ENDS = ("--in", "keys:played", "--out", "synth:heard")
PATIENCE = 30.0


def left_sounding(messages: list[bytes]) -> set[int]:
    """Pitches whose last message is a note-on; a note-off may come twice."""
    last = {data[1]: data for data in messages if data[0] & 0xE0 == 0x80}
    return {pitch for pitch, data in last.items() if data[0] & 0xF0 == 0x90 and data[2]}


def test_keys_that_are_unplugged_are_let_go_and_heard_again_when_they_are_back(jack_server: JackServer) -> None:
    held = (0.0, bytes((0x90, 40, 80)))
    with JackBench(jack_server, "synth") as synth:
        with JackBench(jack_server, "keys") as keys, daemon(*ENDS, "--hand-over", "1") as process:
            next_line(process, "keys:played -> synth:heard")
            keys.play([held], into=IN)
            synth.wait_for(1, PATIENCE)
            keys.unplug()
            next_line(process, 'port "keys:played" is gone, waiting for it')
            wait_until(lambda: len(synth.recorded) == 2, PATIENCE, lambda: "the key was not let go")
            with JackBench(jack_server, "keys") as again:
                next_line(process, 'port "keys:played" is back')
                again.play(PHRASE, into=IN)
                synth.wait_for(2 + len(PHRASE) + 4, PATIENCE)
                told = finish(process)
        recorded = data_of(synth.wait_for_silence(0.3))
    assert recorded[:2] == [held[1], bytes((0x80, 40, 64))]
    assert recorded[2 : 2 + len(PHRASE)] == data_of(PHRASE)
    assert left_sounding(recorded) == set()
    assert "1 reconnection." in told


def test_a_synth_that_vanishes_in_mid_reply_is_silenced_when_it_is_back_and_hears_the_next(
    jack_server: JackServer,
) -> None:
    with (
        JackBench(jack_server, "keys") as keys,
        JackBench(jack_server, "synth") as synth,
        daemon(*ENDS, "--no-thru") as process,
    ):
        next_line(process, "keys:played -> synth:heard")
        keys.play(PHRASE, into=IN)
        wait_until(lambda: len(left_sounding(data_of(synth.recorded))) > 0, PATIENCE, lambda: "no reply")
        synth.unplug()
        ringing = left_sounding(data_of(synth.recorded))
        next_line(process, 'port "synth:heard" is gone, waiting for it')
        next_line(process, "turn 1")
        with JackBench(jack_server, "synth") as again:
            next_line(process, 'port "synth:heard" is back')
            wait_until(lambda: len(again.recorded) >= len(ringing), PATIENCE, lambda: "nothing was released")
            released = data_of(again.recorded)
            keys.play(PHRASE, into=IN)
            again.wait_for(len(released) + 4, PATIENCE)
            told = finish(process)
            recorded = data_of(again.wait_for_silence(0.3))
    assert {data[0] for data in released} == {0x80}
    assert ringing <= {data[1] for data in released}
    assert left_sounding(recorded) == set()
    assert "1 reconnection." in told


def test_a_session_that_waits_starts_before_its_ports_are_there(jack_server: JackServer) -> None:
    with daemon(*ENDS, "--wait-for-ports") as process:
        for name in ("synth:heard", "keys:played"):
            next_line(process, f'port "{name}" is not there yet, waiting for it')
        with JackBench(jack_server, "synth") as synth, JackBench(jack_server, "keys") as keys:
            there = {next_line(process, "port") for _ in range(2)}
            keys.play(PHRASE, into=IN)
            recorded = data_of(synth.wait_for(len(PHRASE) + 2, PATIENCE))
            told = finish(process)
    assert there == {'port "keys:played" is there\n', 'port "synth:heard" is there\n'}
    assert recorded[: len(PHRASE)] == data_of(PHRASE)
    assert "reconnection" not in told


@contextmanager
def server_process(name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that a test may kill. This process never becomes a client of it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        process = launched(name)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        if process.returncode is None:
            break
        assert time.monotonic() < deadline, "jackd does not start: all eight places for servers may be taken"
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def one_call(server: str, messages: int) -> None:
    """A musician plays to the daemon and hears so many messages of its reply."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "support.one_call", server, str(messages)]
    subprocess.run(command, env=environment, check=True, timeout=120)


def test_a_server_that_is_killed_and_started_again_finds_the_daemon_there(
    jack_server: JackServer, tmp_path: Path
) -> None:
    name = f"{jack_server.name}-killed"
    with daemon("--no-thru", "--wait-for-ports", environment=os.environ | {"JACK_DEFAULT_SERVER": name}) as process:
        next_line(process, 'port "musedaemon in" is not there yet')  # the output is told of before
        for life in range(3):
            with server_process(name) as server:
                there = {next_line(process, "port") for _ in range(2)}
                one_call(name, 3)
                # The last one ends in order: the place of one that was killed is taken until its name is used again.
                server.send_signal(signal.SIGTERM if life == 2 else signal.SIGKILL)
                gone = {next_line(process, "port") for _ in range(2)}
            word = "back" if life else "there"
            assert there == {f'port "musedaemon {end}" is {word}\n' for end in ("in", "out")}
            assert gone == {f'port "musedaemon {end}" is gone, waiting for it\n' for end in ("in", "out")}
        assert "4 reconnections." in finish(process)
