from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.jam import melody
from support.midi_balance import note_ons, unbalanced
from support.written import onsets, tempi, tracks

from musedaemon.config.schema import Config, Model, Ports, Tempo, Turns
from musedaemon.core.events import MidiEvent
from musedaemon.errors import ConfigError, MidiFileError, ModelError
from musedaemon.midi.files import TempoChange, Track, write_midi_file
from musedaemon.run.preparing import play
from musedaemon.run.reporting import PortState, SessionSummary, Silent, TurnSummary

TINY = Path(__file__).parents[2] / "assets" / "tiny.onnx"
PHRASES = [*melody([60, 62, 64, 65, 67, 65, 64, 62]), *melody([67, 69, 71, 72, 71, 67], start=8.0)]


class Told(Silent):
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.turns: list[TurnSummary] = []
        self.summary: SessionSummary | None = None
        self.ends: tuple[str, str, str, int] | None = None

    def started(self, input_name: str, output_name: str, model: str, seed: int) -> None:
        self.ends = (input_name, output_name, model, seed)

    def turn(self, summary: TurnSummary) -> None:
        self.turns.append(summary)

    def port(self, name: str, state: PortState) -> None:
        raise AssertionError(f"{name} {state.value}")

    def finished(self, summary: SessionSummary) -> None:
        self.summary = summary

    def warning(self, text: str) -> None:
        raise AssertionError(text)


def call_file(folder: Path, events: list[MidiEvent] = PHRASES, bpm: float = 120.0) -> Path:
    path = folder / "call.mid"
    write_midi_file(path, [Track("piano", events)], [TempoChange(0.0, bpm)])
    return path


def config(source: Path, target: Path, seed: int = 1) -> Config:
    return Config(ports=Ports(input=str(source), output=str(target)), model=Model(path=str(TINY), seed=seed))


def test_a_file_is_answered_into_a_file(tmp_path: Path) -> None:
    told = Told()
    assert play(config(call_file(tmp_path), tmp_path / "jam.mid"), told) == 0
    written = tracks(tmp_path / "jam.mid")
    assert len(note_ons(written["call"])) == 14
    assert len(note_ons(written["response"])) == sum(turn.reply_notes for turn in told.turns) > 0
    assert unbalanced(written["call"]) == unbalanced(written["response"]) == {}
    assert [turn.number for turn in told.turns] == [1, 2]
    assert told.summary is not None
    assert told.summary.written == tmp_path / "jam.mid"
    assert told.ends == (str(tmp_path / "call.mid"), str(tmp_path / "jam.mid"), "1x16 fp32", 1)


@pytest.mark.parametrize(("meter", "beats"), [("4/4", 4.0), ("3/4", 3.0), ("7/8", 3.5)])
def test_a_file_that_trades_bars_keeps_each_note_in_its_place_in_the_bar(
    meter: str, beats: float, tmp_path: Path
) -> None:
    bars = [[0.0, 1.0, 2.0], [1.0, 1.5, 2.5], [0.5, 2.0]]
    at = [(index * beats + beat) / 2 for index, bar in enumerate(bars) for beat in bar]
    call = [event for onset in at for event in melody([60], start=onset, length=0.2)]
    trade = config(call_file(tmp_path, call), tmp_path / "jam.mid")
    trade = replace(trade, turns=Turns(mode="trade", trade_bars=1), tempo=Tempo(bpm=120.0, meter=meter))
    play(trade, Told())
    heard = [tick / 480 for tick in onsets(tmp_path / "jam.mid", "call")]
    expected = [2 * index * beats + beat for index, bar in enumerate(bars) for beat in bar]
    assert heard == pytest.approx(expected, abs=1 / 240)


def test_replies_come_after_their_calls_and_calls_after_replies(tmp_path: Path) -> None:
    play(config(call_file(tmp_path), tmp_path / "jam.mid"), Told())
    call, response = onsets(tmp_path / "jam.mid", "call"), onsets(tmp_path / "jam.mid", "response")
    assert max(call[:8]) < min(response)
    first_reply = [tick for tick in response if tick < call[8]]
    assert first_reply
    assert len(first_reply) < len(response)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    source = call_file(tmp_path)
    for name, seed in (("a.mid", 5), ("b.mid", 5), ("c.mid", 6)):
        play(config(source, tmp_path / name, seed), Told())
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert (tmp_path / "a.mid").read_bytes() != (tmp_path / "c.mid").read_bytes()


def test_a_written_jam_opens_at_its_tempo(tmp_path: Path) -> None:
    given = replace(config(call_file(tmp_path), tmp_path / "jam.mid"), tempo=Tempo(bpm=90.0))
    play(given, Told())
    assert tempi(tmp_path / "jam.mid") == [90.0]


def test_without_waiting_the_reply_gives_way(tmp_path: Path) -> None:
    told = Told()
    events = [*melody([60, 62, 64, 65, 67, 65, 64, 62]), *melody([67, 69, 71], start=5.5)]
    # With seed 1 the reply is a single long note, and over.
    hurried = config(call_file(tmp_path, events), tmp_path / "jam.mid", seed=2)
    play(replace(hurried, turns=Turns(wait_for_reply=False)), told)
    assert told.turns[0].withdrawn
    assert onsets(tmp_path / "jam.mid", "call")[8] == round(5.5 * 2 * 480)
    assert unbalanced(tracks(tmp_path / "jam.mid")["response"]) == {}


def test_an_empty_file_is_answered_with_silence(tmp_path: Path) -> None:
    told = Told()
    assert play(config(call_file(tmp_path, []), tmp_path / "jam.mid"), told) == 0
    assert told.turns == []
    assert tracks(tmp_path / "jam.mid")["response"] == []


def test_the_input_is_not_written_over(tmp_path: Path) -> None:
    source = call_file(tmp_path)
    before = source.read_bytes()
    with pytest.raises(ConfigError, match="both --in and --out"):
        play(config(source, source), Told())
    assert source.read_bytes() == before


def test_a_file_of_another_kind_is_not_taken_for_a_port(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder; name a \.mid file"):
        play(Config(ports=Ports(input=str(tmp_path), output=str(tmp_path / "jam.mid"))), Told())
    with pytest.raises(ConfigError, match=r"is a file, but no \.mid file; name a \.mid file"):
        play(Config(ports=Ports(input=str(call_file(tmp_path)), output=str(TINY))), Told())


def test_what_cannot_be_read_or_written_is_told_before_anything_is_played(tmp_path: Path) -> None:
    source = call_file(tmp_path)
    with pytest.raises(MidiFileError, match="does not exist"):
        play(config(tmp_path / "none.mid", tmp_path / "jam.mid"), Told())
    with pytest.raises(MidiFileError):
        play(config(source, tmp_path / "no folder" / "jam.mid"), Told())
    broken = replace(config(source, tmp_path / "jam.mid"), model=Model(path=str(source)))
    with pytest.raises(ModelError, match=r"call\.mid"):
        play(broken, Told())
    assert not (tmp_path / "jam.mid").exists()
