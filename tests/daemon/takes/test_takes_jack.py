"""Takes of the real daemon over JACK: killed in mid-jam, with no room on the disk, asked to keep what was played."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.live_daemon import ASSETS, IN, OUT
from support.midi_balance import note_ons, unbalanced
from support.take_daemon import children, daemon, heard_by, scale, stop, the_take
from support.written import tracks

pytestmark = pytest.mark.jack


def test_a_jam_is_one_file_with_call_and_response(jack_server: JackServer, tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    with daemon("--record", str(folder), "--hand-over", "0.2") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(scale(6), into=IN)
        bench.wait_for(14, patience=20)
        out, err = stop(process)
    assert (process.returncode, err) == (0, "")
    written = tracks(the_take(folder))
    assert len(note_ons(written["call"])) == 6
    assert note_ons(written["response"])
    assert unbalanced(written["call"]) == unbalanced(written["response"]) == {}
    assert f"take {the_take(folder)}" in out
    assert [path.name for path in folder.iterdir()] == [the_take(folder).name]


def test_a_daemon_that_is_killed_in_mid_jam_loses_no_more_than_a_second(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with daemon("--record", str(tmp_path)) as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(scale(200, step=0.05), into=IN)
        heard = bench.wait_for(160, patience=40)
        process.kill()
        heard = bench.recorded
        wait_until(lambda: not list(tmp_path.glob(".*.take")), 20, lambda: "the journal is not finished")
        before = [data for at, data in heard if at < heard[-1][0] - 1.0]
        assert len(note_ons(before)) >= 40
        assert heard_by(the_take(tmp_path)) >= len(note_ons(before))
        assert unbalanced(tracks(the_take(tmp_path))["call"]) == {}


def test_when_all_of_it_is_killed_the_file_opens_and_the_next_start_completes_it(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with daemon("--record", str(tmp_path)) as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(scale(200, step=0.05), into=IN)
        bench.wait_for(160, patience=40)
        for pid in [*children(process), process.pid]:
            os.kill(pid, signal.SIGKILL)
        heard = bench.recorded
    before = [data for at, data in heard if at < heard[-1][0] - 1.0]
    assert 0 < heard_by(the_take(tmp_path)) <= len(note_ons([data for _, data in heard]))
    with daemon("--record", str(tmp_path)) as process:
        assert process.stdout is not None
        told = next(line for line in process.stdout if line.startswith("take "))
        _, err = stop(process)
    assert err == ""
    assert told == f"take {the_take(tmp_path)}\n"
    assert list(tmp_path.glob(".*.take")) == []
    assert heard_by(the_take(tmp_path)) >= len(note_ons(before))


def fill_disk(pid: int) -> None:
    """From now on no file of this process grows beyond 4 KB, as on a disk that is full.

    Not from its start: a client of JACK may have to let the server's database of properties grow when it is opened, and
    a client that cannot spoils it for all who come later. Skipped where only Linux' `prlimit` could do it.
    """
    import resource

    if sys.platform != "linux":
        pytest.skip("no limit can be set for another process here")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, 4096))


def test_on_a_full_disk_it_plays_on_with_one_warning_and_what_was_written_stays(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with daemon("--record", str(tmp_path)) as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        fill_disk(process.pid)
        bench.play(scale(150, step=0.02), into=IN)
        heard = bench.wait_for(300, patience=40)
        bench.play(scale(10), into=IN)
        bench.wait_for(320, patience=40)  # and on it plays
        _, err = stop(process)
    assert process.returncode == 0
    assert unbalanced([data for _, data in heard]) == {}
    assert err.splitlines() == [
        "musedaemon: warning: what is played is not written any more (file too large);"
        " make room, what was written is safe"
    ]
    assert 60 <= heard_by(the_take(tmp_path)) < 150


@pytest.mark.parametrize("recording", [True, False])
def test_keep_that_writes_the_last_minutes(jack_server: JackServer, tmp_path: Path, recording: bool) -> None:
    kept, record = tmp_path / "kept", tmp_path / "all"
    config = tmp_path / "keep.toml"
    config.write_text(
        f"[model]\npath = '{ASSETS / 'tiny.onnx'}'\n[takes]\nkeep_folder = '{kept}'\nkeep_control = 85\n"
        + (f"record = '{record}'\n" if recording else "")
    )
    press = [(0.0, bytes((0xB0, 85, 127))), (0.1, bytes((0xB0, 85, 0)))]
    with daemon("--config", str(config), "--mode", "listen") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(scale(6), into=IN)
        bench.wait_for(12, patience=20)
        bench.play(press, into=IN)
        wait_for_takes(kept, 1)
        bench.play(scale(4), into=IN)
        passed = bench.wait_for(20, patience=20)
        process.send_signal(signal.SIGUSR2)
        wait_for_takes(kept, 2)
        assert process.poll() is None
        _, err = stop(process)
    assert err == ""
    assert {data[0] for _, data in passed} <= {0x90, 0x80}  # the button is no music
    assert [heard_by(path) for path in sorted(kept.iterdir(), key=heard_by)] == [6, 10]
    assert not recording or heard_by(the_take(record)) == 10


def wait_for_takes(folder: Path, count: int) -> None:
    def finished() -> Sequence[Path]:
        return list(folder.glob("*.mid")) if not list(folder.glob(".*")) else []

    wait_until(lambda: len(finished()) >= count, 20, lambda: f"{finished()}")


def test_asked_to_keep_with_no_folder_it_says_so_and_plays_on(jack_server: JackServer) -> None:
    with daemon() as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        process.send_signal(signal.SIGUSR2)
        bench.play(scale(6), into=IN)
        bench.wait_for(12, patience=20)
        _, err = stop(process)
    assert process.returncode == 0
    assert err.startswith("musedaemon: warning: nothing is kept: name a folder for it")
    assert err.count("\n") == 1


def test_asked_to_keep_while_it_finishes_its_takes_it_finishes_them(jack_server: JackServer, tmp_path: Path) -> None:
    """Then the signal found nobody who noted it, and ended it before it told of the take."""
    with daemon("--record", str(tmp_path)) as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(scale(6), into=IN)
        bench.wait_for(12, patience=20)
        keeper = next(child for child in children(process) if b"takes.keeper" in command_of(child))
        os.kill(keeper, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: OUT not in bench.port_names(), 20, lambda: "the session goes on")
        for number in (signal.SIGUSR2, signal.SIGUSR1):
            process.send_signal(number)
        os.kill(keeper, signal.SIGCONT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert f"take {the_take(tmp_path)}" in out


def command_of(process: int) -> bytes:
    """The command line of a process."""
    return subprocess.run(["ps", "-o", "args=", "-p", str(process)], stdout=subprocess.PIPE, check=True).stdout
