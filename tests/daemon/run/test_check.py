from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.listed_ports import ListedPorts
from support.written import save_line

from musedaemon.config.schema import Config, Model, Ports, Takes, Tempo, Timing
from musedaemon.errors import PortError
from musedaemon.midi.ports import VIRTUAL_INPUT, InputPort, OutputPort, PortSystem, Receive, find_port
from musedaemon.run.bench import Bench, Times
from musedaemon.run.check import Finding, Health, check, model_finding, timer_finding
from musedaemon.run.clock import SessionClock

TINY = Model(path=str(Path(__file__).parents[2] / "assets" / "tiny.onnx"))


class FakePort:
    """Knows whether it was closed again."""

    failure = None
    is_gone = False

    def __init__(self, name: str, opened: list[FakePort], ahead_s: float = 0.0) -> None:
        self.name = name
        self.ahead_s = ahead_s
        self.listener = None
        self.closed = False
        opened.append(self)

    def send(self, data: bytes, at: float = 0.0) -> None:
        raise AssertionError("a check plays nothing")

    def close(self) -> None:
        self.closed = True


class FakeSystem(ListedPorts):
    """A MIDI system with a keyboard and a synth; without virtual ports, it is like Windows."""

    def __init__(self, virtual: str = "can", api: str = "ALSA", ahead_s: float = 0.0) -> None:
        super().__init__(["Keys 20:0"], ["Synth 24:0", "Through 14:0"], api)
        self.opened: list[FakePort] = []
        self._virtual = virtual
        self._ahead_s = ahead_s

    def open_input(self, name: str, receive: Receive, own_name: str = VIRTUAL_INPUT) -> InputPort:
        return FakePort(find_port(name, self.input_names(), "input"), self.opened)

    def open_output(self, name: str) -> OutputPort:
        return FakePort(find_port(name, self.output_names(), "output"), self.opened)

    def open_virtual_input(self, name: str, receive: Receive) -> InputPort:
        return self._open_virtual(name)

    def open_virtual_output(self, name: str) -> OutputPort:
        return self._open_virtual(name)

    def _open_virtual(self, name: str) -> FakePort:
        if self._virtual != "can":
            raise PortError("make one with loopMIDI.")
        return FakePort(name, self.opened, self._ahead_s)


def found(config: Config, system: PortSystem | None = None) -> dict[str, Finding]:
    """The findings by their part. The processor of a test machine may be busy, so what was timed proves nothing."""

    def open_system(api: str, clock: SessionClock) -> PortSystem:
        if system is None:
            raise PortError("No MIDI system answers here.")
        return system

    return {finding.part: finding for finding in check(config, open_system)}


def test_all_is_well_and_every_port_is_closed_again() -> None:
    system = FakeSystem()
    findings = found(Config(Ports("keys", "synth"), tempo=Tempo(bpm=96.0), model=TINY), system)
    assert list(findings) == ["MIDI", "input", "output", "model", "tempo", "priority", "timer"]
    assert Health.BROKEN not in {finding.health for finding in findings.values()}
    assert "ALSA answers: 1 to listen to, 2 to play on" in findings["MIDI"].told
    assert (findings["input"].told, findings["output"].told) == ("Keys 20:0", "Synth 24:0")
    assert findings["tempo"].told == "given, 96 bpm"
    assert [port.closed for port in system.opened] == [True, True]


def test_ports_of_its_own() -> None:
    findings = found(Config(model=TINY), FakeSystem())
    assert "`musedaemon in`" in findings["input"].told
    assert "`musedaemon out`" in findings["output"].told


def test_a_link_session_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    tempo = found(Config(tempo=Tempo(clock="link"), model=TINY), FakeSystem())["tempo"]
    assert tempo.health is Health.BROKEN
    assert "pip install 'musedaemon[link]'" in tempo.told


def test_the_tempo_of_a_midi_clock_is_the_clocks() -> None:
    tempo = found(Config(tempo=Tempo(clock="midi"), model=TINY), FakeSystem())["tempo"]
    assert (tempo.health, tempo.told) == (Health.OK, "from the MIDI clock that comes in at the input, once it is sent")


def test_a_system_without_virtual_ports_says_what_to_do() -> None:
    findings = found(Config(Ports(output="synth"), model=TINY), FakeSystem("cannot"))
    assert findings["input"] == Finding(Health.BROKEN, "input", "make one with loopMIDI.")
    assert findings["output"].health is Health.OK


@pytest.mark.parametrize(("ahead_s", "health"), [(0.0, Health.WARNING), (0.005, Health.OK)])
def test_jack_without_exact_times_is_warned_of(ahead_s: float, health: Health) -> None:
    system = FakeSystem(api="JACK", ahead_s=ahead_s)
    output = found(Config(model=TINY), system)["output"]
    assert output.health is health
    assert ("musedaemon[jack]" in output.told) == (health is Health.WARNING)


def test_each_part_that_is_broken_is_told_and_the_others_are_tried_all_the_same() -> None:
    findings = found(Config(Ports("organ", "synth"), model=Model(path="none.onnx")), FakeSystem())
    broken = [part for part, finding in findings.items() if finding.health is Health.BROKEN]
    assert broken == ["input", "model"]
    assert 'No MIDI input port matches "organ"' in findings["input"].told
    assert findings["tempo"].told.startswith("found in your playing")


def test_no_midi_system_is_one_finding_and_two_files_need_none(tmp_path: Path) -> None:
    assert found(Config(model=TINY))["ports"] == Finding(Health.BROKEN, "ports", "No MIDI system answers here.")
    source = tmp_path / "call.mid"
    save_line(source, [60, 62, 64])
    findings = found(Config(Ports(str(source), str(tmp_path / "jam.mid")), model=TINY))
    assert list(findings) == ["input", "output", "model", "tempo", "priority", "timer"]
    assert findings["input"].told == f"{source}, 3 notes"
    assert list(tmp_path.iterdir()) == [source]


def test_a_folder_for_takes_is_looked_at_and_not_made(tmp_path: Path) -> None:
    def told(record: Path, keep: Path) -> Finding:
        return found(Config(model=TINY, takes=Takes(record=str(record), keep_folder=str(keep))), FakeSystem())["takes"]

    assert told(tmp_path, tmp_path / "kept").told == f"to {tmp_path} and {tmp_path / 'kept'} (to be made)"
    refused = told(tmp_path, tmp_path / "none" / "kept")
    assert refused.health is Health.BROKEN
    assert "is no folder for takes" in refused.told
    assert list(tmp_path.iterdir()) == []


def test_a_session_to_a_file_has_no_takes(tmp_path: Path) -> None:
    config = Config(Ports("keys", str(tmp_path / "jam.mid")), model=TINY, takes=Takes(record="nowhere/at/all"))
    assert "takes" not in found(config, FakeSystem())


def test_a_damaged_file_is_told_once(tmp_path: Path) -> None:
    source = tmp_path / "call.mid"
    source.write_bytes(b"no music")
    findings = found(Config(Ports(str(source), str(tmp_path / "jam.mid")), model=TINY))
    assert [part for part, finding in findings.items() if finding.health is Health.BROKEN] == ["input"]
    assert "tempo" not in findings


def test_an_input_file_that_is_not_there_says_nothing_of_the_output(tmp_path: Path) -> None:
    target = tmp_path / "jam.mid"
    save_line(target, [60])
    findings = found(Config(Ports(str(tmp_path / "none.mid"), str(target)), model=TINY))
    assert [part for part, finding in findings.items() if finding.health is Health.BROKEN] == ["input"]
    assert "it will be replaced" in findings["output"].told


def test_a_bug_on_the_way_is_a_finding_and_no_traceback() -> None:
    class Buggy(FakeSystem):
        def input_names(self) -> list[str]:
            raise ZeroDivisionError("oops")

    finding = found(Config(model=TINY), Buggy())["ports"]
    assert finding == Finding(Health.BROKEN, "ports", "ZeroDivisionError: oops; please report it.")


def test_priority_that_is_not_wanted_is_no_warning() -> None:
    finding = found(Config(timing=Timing(realtime="off"), model=TINY), FakeSystem())["priority"]
    assert finding.health is Health.OK
    assert 'realtime = "off"' in finding.told


@pytest.mark.parametrize(("note_ms", "health"), [(0.5, Health.OK), (2.5, Health.WARNING)])
def test_a_slow_model_is_warned_of(note_ms: float, health: Health) -> None:
    finding = model_finding("mine", Bench(Times(0.2, 0.3, 0.4), Times(note_ms, 3.0, 4.0), 0.1))
    assert finding.health is health
    assert finding.told.startswith(f"mine: 0.20 ms a step, {note_ms:.2f} ms a note")


@pytest.mark.parametrize(
    ("late_ms", "health", "told"),
    [
        ([0.1] * 100, Health.OK, "one time in a hundred"),
        ([0.1] * 90 + [30.0] * 10, Health.WARNING, "some notes may be late"),
        ([15.6] * 100, Health.WARNING, "replies will be uneven"),
    ],
)
def test_a_timer_is_judged_by_what_would_be_heard(late_ms: list[float], health: Health, told: str) -> None:
    finding = timer_finding(late_ms)
    assert finding.health is health
    assert told in finding.told


def test_the_port_of_a_clock_is_tried_and_named() -> None:
    system = FakeSystem()
    findings = found(Config(Ports(clock_input="keys"), tempo=Tempo(clock="midi"), model=TINY), system)
    assert findings["clock"] == Finding(Health.OK, "clock", "Keys 20:0")
    assert findings["tempo"].told == 'from the MIDI clock that comes in at "keys", once it is sent'
    assert [port.closed for port in system.opened] == [True, True, True]
    missing = found(Config(Ports(clock_input="drums"), tempo=Tempo(clock="midi"), model=TINY), FakeSystem())["clock"]
    assert missing.health is Health.BROKEN
    assert 'No MIDI input port matches "drums"' in missing.told
