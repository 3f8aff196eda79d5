"""A session over JACK that is written to one file as it is played (`--out jam.mid`), and what is left when it dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.live_daemon import IN, PHRASE, PITCHES, next_line
from support.midi_balance import note_ons, unbalanced
from support.take_daemon import children, daemon, heard_by, scale, stop, wait_for_journal
from support.written import tracks

pytestmark = pytest.mark.jack
JOURNAL = ".jam.mid.take"


def told(err: str) -> str:
    """The one warning there is."""
    return err.removeprefix("musedaemon: warning: ").removesuffix("\n")


def test_call_and_response_are_in_the_file_and_nothing_is_beside_it(jack_server: JackServer, tmp_path: Path) -> None:
    jam = tmp_path / "jam.mid"
    with daemon("--out", str(jam), "--hand-over", "0.2") as process, JackBench(jack_server) as bench:
        next_line(process, "musedaemon in")
        bench.play(PHRASE, into=IN)
        next_line(process, "turn 1")
        out, err = stop(process)
    assert (process.returncode, err) == (0, "")
    assert f"Written: {jam}" in out
    assert "take" not in out
    written = tracks(jam)
    assert [data[1] for data in note_ons(written["call"])] == list(PITCHES)
    assert note_ons(written["response"])
    assert unbalanced(written["call"]) == unbalanced(written["response"]) == {}
    assert [path.name for path in tmp_path.iterdir()] == ["jam.mid"]


def test_where_nothing_is_played_what_was_there_stays(jack_server: JackServer, tmp_path: Path) -> None:
    jam = tmp_path / "jam.mid"
    jam.write_bytes(b"an older one")
    with daemon("--out", str(jam)) as process:
        next_line(process, "musedaemon in")
        process.send_signal(signal.SIGUSR1)
        next_line(process, "panic")  # it plays
        out, err = stop(process)
    assert (process.returncode, told(err)) == (
        0,
        f"{jam} is there already, so this session goes to {tmp_path / 'jam_2.mid'}",
    )
    assert "Written" not in out
    assert jam.read_bytes() == b"an older one"
    assert [path.name for path in tmp_path.iterdir()] == ["jam.mid"]


def test_what_is_there_already_is_kept_and_the_session_gets_a_number(jack_server: JackServer, tmp_path: Path) -> None:
    jam = tmp_path / "jam.mid"
    jam.write_bytes(b"an older one")
    (tmp_path / "jam_2.mid").write_bytes(b"another")
    with daemon("--out", str(jam)) as process, JackBench(jack_server) as bench:
        next_line(process, "musedaemon in")
        bench.play([(0.0, b"\x90\x3c\x50"), (0.3, b"\x80\x3c\x40")], into=IN)
        bench.wait_for_silence(0.5)
        out, err = stop(process)
    third = tmp_path / "jam_3.mid"
    assert process.returncode == 0
    assert told(err) == f"{jam} is there already, so this session goes to {third}"
    assert f"Written: {third}" in out
    assert jam.read_bytes() == b"an older one"


def test_a_daemon_that_is_killed_leaves_the_whole_file(jack_server: JackServer, tmp_path: Path) -> None:
    jam = tmp_path / "jam.mid"
    with daemon("--out", str(jam), "--mode", "listen") as process, JackBench(jack_server) as bench:
        next_line(process, "musedaemon in")
        bench.play(scale(30), into=IN)
        wait_for_journal(tmp_path, 50)
        process.kill()
        process.wait()
        wait_until(lambda: not (tmp_path / JOURNAL).exists(), 30, lambda: "nobody finished the file")
    assert heard_by(jam) >= 24
    assert unbalanced(tracks(jam)["call"]) == {}


def test_what_was_left_when_all_was_killed_is_not_lost_to_the_next_session(
    jack_server: JackServer, tmp_path: Path
) -> None:
    jam = tmp_path / "jam.mid"
    with daemon("--out", str(jam), "--mode", "listen") as process, JackBench(jack_server) as bench:
        next_line(process, "musedaemon in")
        bench.play(scale(30), into=IN)
        wait_for_journal(tmp_path, 50)
        for child in children(process):
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()
    heard_then = heard_by(jam)  # it opens, whatever was killed
    assert (tmp_path / JOURNAL).exists()
    with daemon("--out", str(jam), "--mode", "listen") as process, JackBench(jack_server) as bench:
        bench.wait_for_port(IN, patience=20)  # that the take is told may come before the line on the ports
        wait_until(lambda: not (tmp_path / JOURNAL).exists(), 30, lambda: "nobody finished what was left")
        bench.play(scale(3), into=IN)
        wait_for_journal(tmp_path, 5)
        out, err = stop(process)
    second = tmp_path / "jam_2.mid"
    assert (process.returncode, told(err)) == (0, f"{jam} is there already, so this session goes to {second}")
    assert f"take {jam}" in out
    assert heard_by(jam) >= max(heard_then, 24)
    assert heard_by(second) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jam.mid", "jam_2.mid"]


def test_two_sessions_do_not_write_the_same_file(jack_server: JackServer, tmp_path: Path) -> None:
    jam = tmp_path / "jam.mid"
    with daemon("--out", str(jam), "--mode", "listen") as first, JackBench(jack_server) as bench:
        next_line(first, "musedaemon in")
        bench.play(scale(3), into=IN)
        wait_for_journal(tmp_path, 5)
        with daemon("--out", str(jam)) as second:
            next_line(second, "musedaemon")
            _, err = stop(second)
        assert told(err) == f"{jam} is there already, so this session goes to {tmp_path / 'jam_2.mid'}"
        _, err = stop(first)
    assert err == ""
    assert heard_by(jam) == 3


def test_what_cannot_be_put_in_its_place_at_the_end_is_told_and_the_status_says_so(
    jack_server: JackServer, tmp_path: Path
) -> None:
    jam = tmp_path / "jam.mid"
    with daemon("--out", str(jam), "--mode", "listen") as process, JackBench(jack_server) as bench:
        next_line(process, "musedaemon in")
        bench.play(scale(3), into=IN)
        wait_for_journal(tmp_path, 5)
        wait_until(jam.exists, 30, lambda: "the file was not begun")
        jam.unlink()
        jam.mkdir()
        _, err = stop(process)
    assert process.returncode == 2
    assert err == (
        f"musedaemon: {jam} cannot be written: it is a folder; name a file in it; what was played is in"
        f" {tmp_path / JOURNAL}, and becomes a .mid file when a session is next written there.\n"
    )
