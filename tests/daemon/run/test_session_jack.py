"""The daemon as a process of its own on a real MIDI bus, played and recorded by clients that are not rtmidi."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer
from support.live_daemon import ASSETS, IN, OUT, PHRASE, PITCHES, daemon, data_of, finish, next_line
from support.midi_balance import note_ons, unbalanced
from support.written import save_line, tracks

pytestmark = pytest.mark.jack


def test_a_phrase_played_into_the_port_is_answered(jack_server: JackServer) -> None:
    with daemon("--no-thru", "--channel", "3") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        start = bench.play(PHRASE, into=IN)
        turn = next_line(process, "turn 1")
        recorded = bench.wait_for_silence(0.3)
        out = finish(process)
    assert recorded[0][0] >= start + PHRASE[-1][0] + 0.2
    assert unbalanced(data_of(recorded)) == {}
    assert {data[0] & 0x0F for data in data_of(recorded)} == {2}
    assert turn.startswith("turn 1  240 bpm  call 6 notes")
    assert f"6 notes heard, {len(note_ons(data_of(recorded)))} played" in out


def test_thru_passes_the_phrase_itself(jack_server: JackServer) -> None:
    with daemon() as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        recorded = bench.wait_for(len(PHRASE), patience=20)
        finish(process)
    assert data_of(recorded)[: len(PHRASE)] == data_of(PHRASE)


def test_thru_can_go_to_a_channel_of_its_own(jack_server: JackServer) -> None:
    with daemon("--thru-channel", "5", "--output-offset", "120", "-v") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        passed = data_of(bench.wait_for(len(PHRASE), patience=20))[: len(PHRASE)]
        assert "real-time priority" in next_line(process, "The ")
        next_line(process, "turn 1")
        recorded = data_of(bench.wait_for_silence(0.3))
        finish(process)
    assert passed == [bytes((data[0] | 4, *data[1:])) for data in data_of(PHRASE)]
    assert {data[0] & 0x0F for data in recorded[len(PHRASE) :]} == {0}
    assert unbalanced(recorded) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_reply_leaves_no_note_on(jack_server: JackServer, number: signal.Signals) -> None:
    pedal_down, pedal_up = bytes((0xB0, 64, 127)), bytes((0xB0, 64, 0))
    with daemon() as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        bench.wait_for(len(PHRASE) + 2, patience=20)
        bench.play([(0.0, pedal_down)], into=IN)  # passed thru, it would hold every note for ever
        wait_until(lambda: pedal_down in data_of(bench.recorded), 20, lambda: "the pedal was not passed thru")
        out = finish(process, number)
        recorded = data_of(bench.wait_for_silence(0.3))
    assert unbalanced(recorded) == {}
    assert [data for data in recorded if data[0] == 0xB0] == [pedal_down, pedal_up]
    assert "then cut short\n1 turn (1 cut short), " in out


def test_a_daemon_that_is_killed_leaves_no_note_on(jack_server: JackServer) -> None:
    with daemon() as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play([*PHRASE, (1.0, bytes((0xB0, 64, 127))), (1.01, bytes((0x90, 40, 80)))], into=IN)
        bench.wait_for(len(PHRASE) + 2, patience=20)
        process.kill()
        recorded = data_of(bench.wait_for_silence(0.3))
    assert unbalanced(recorded) == {}
    assert [data for data in recorded if data[0] == 0xB0][-1] == bytes((0xB0, 64, 0))


@pytest.mark.parametrize("period", [64, 1024])
def test_going_on_takes_the_reply_back(jack_server: JackServer, period: int) -> None:
    with jack_server.period(period), daemon("--no-thru") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        before = len(bench.wait_for(1, patience=20))
        start = bench.play(PHRASE, into=IN)
        bench.wait_for(before + 2, patience=20)
        recorded = bench.wait_for_silence(1.5)
        out = finish(process)
    silence = [at for at, _ in recorded if start + 0.1 < at < start + PHRASE[-1][0] + 0.2]
    assert silence == []
    assert unbalanced(data_of(recorded)) == {}
    assert "cut short" in out


def test_a_file_is_played_into_a_port_and_waits_for_its_replies(jack_server: JackServer, tmp_path: Path) -> None:
    source = tmp_path / "call.mid"
    save_line(source, PITCHES)
    with JackBench(jack_server, "ears") as bench, daemon("--in", str(source), "--out", "ears:heard") as process:
        out, err = process.communicate(timeout=30)
        recorded = bench.wait_for_silence(0.2)
    assert (process.returncode, err) == (0, "")
    assert unbalanced(data_of(recorded)) == {}
    assert [data[1] for data in note_ons(data_of(recorded))][: len(PITCHES)] == list(PITCHES)
    assert len(note_ons(data_of(recorded))) > len(PITCHES)
    assert "turn 1" in out


def test_a_port_is_recorded_into_a_file(jack_server: JackServer, tmp_path: Path) -> None:
    target = tmp_path / "take.mid"
    with daemon("--out", str(target)) as process, JackBench(jack_server) as bench:
        bench.play(PHRASE, into=IN)
        next_line(process, "turn 1")
        finish(process)
    written = tracks(target)
    assert len(note_ons(written["call"])) == len(PITCHES)
    assert note_ons(written["response"])
    assert unbalanced(written["call"]) == unbalanced(written["response"]) == {}


def test_a_rest_as_long_as_the_hand_over_does_not_stop_a_file(jack_server: JackServer, tmp_path: Path) -> None:
    source = tmp_path / "call.mid"
    save_line(source, PITCHES, rest_ticks=192)  # 0.2 s at 120 bpm
    with JackBench(jack_server, "ears") as bench, daemon("--in", str(source), "--out", "ears:heard") as process:
        out, err = process.communicate(timeout=60)
        recorded = bench.wait_for_silence(0.2)
    assert (process.returncode, err) == (0, "")
    assert unbalanced(data_of(recorded)) == {}
    assert f"{len(PITCHES)} notes heard" in out


def test_a_file_is_left_alone_when_the_session_cannot_start(jack_server: JackServer, tmp_path: Path) -> None:
    target = tmp_path / "precious.mid"
    save_line(target, PITCHES)
    before = target.read_bytes()
    with daemon("--in", "no such keyboard", "--out", str(target)) as process:
        process.communicate(timeout=20)
    assert process.returncode == 2
    assert target.read_bytes() == before


def test_an_unknown_port_lists_the_ports_there_are(jack_server: JackServer) -> None:
    with JackBench(jack_server, "keys"), daemon("--in", "no such keyboard") as process:
        out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "keys:played" in err


def mode_change(at: float, value: int) -> tuple[float, bytes]:
    return at, bytes((0xB0, 80, value))


DUET, SOLO, LISTEN = 64, 90, 127


def test_a_duet_and_every_switch_of_mode_leave_no_note_on(jack_server: JackServer, tmp_path: Path) -> None:
    config = tmp_path / "modes.toml"
    config.write_text(f"[model]\npath = '{ASSETS / 'tiny.onnx'}'\nseed = 1\n[turns]\nmode_control = 80\n")
    line = [(at + 0.75 * index, data) for index in range(6) for at, data in PHRASE]
    with daemon("--no-thru", "--config", str(config), "--mode", "duet") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        start = bench.play(line, into=IN)
        together = bench.wait_for(8, patience=30)
        bench.play([mode_change(0.0, SOLO)], into=IN)
        alone = len(bench.wait_for(len(together) + 12, patience=30))
        bench.play([mode_change(0.0, DUET), *((at + 0.1, data) for at, data in PHRASE)], into=IN)
        bench.wait_for(alone + 4, patience=30)
        bench.play([mode_change(0.0, LISTEN)], into=IN)
        recorded = bench.wait_for_silence(1.0)
        assert unbalanced(data_of(recorded)) == {}
        bench.play(PHRASE, into=IN)
        assert len(bench.wait_for_silence(1.0)) == len(recorded)
        finish(process)
    assert together[0][0] < start + line[-1][0]
    assert bytes((0xB0, 80, SOLO)) not in data_of(recorded)


def test_a_key_hands_over_at_once_and_takes_the_turn_back_at_once(jack_server: JackServer, tmp_path: Path) -> None:
    config = tmp_path / "key.toml"
    config.write_text(
        f"[model]\npath = '{ASSETS / 'tiny.onnx'}'\nseed = 1\n[turns]\nhand_over_key = 21\nhand_over_by = 'hold'\n"
    )
    down, up = bytes((0x90, 21, 90)), bytes((0x80, 21, 0))
    with daemon("--config", str(config), "--hand-over", "0") as process, JackBench(jack_server) as bench:
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        assert data_of(bench.wait_for_silence(1.0)) == data_of(PHRASE)  # thru alone: silence says nothing
        bench.play([(0.0, down)], into=IN)
        bench.wait_for(len(PHRASE) + 20, patience=30)
        let_go = bench.play([(0.0, up)], into=IN)
        recorded = bench.wait_for_silence(1.0)
        finish(process)
    assert unbalanced(data_of(recorded)) == {}
    assert down not in data_of(recorded)
    assert up not in data_of(recorded)
    # Generous: what is asserted is that it ends by the key, not at its own time.
    assert recorded[-1][0] < let_go + 0.5
