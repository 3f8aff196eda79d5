from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.fakes import FakeModel
from support.jam import SETTINGS, melody
from support.told import Told

from musedaemon.config.schema import SECTIONS, Config, Model, Ports, Reply, Turns, rules
from musedaemon.core.commands import Heard, Withdraw, Withdrawn
from musedaemon.core.engine import Engine, EngineSettings
from musedaemon.core.manners import Lengths
from musedaemon.core.modes import Mode
from musedaemon.core.sampling import SamplingSettings
from musedaemon.core.tempo import TempoTracker
from musedaemon.core.turns import Turn
from musedaemon.errors import ConfigError
from musedaemon.run.reloading import LIVE_KEYS, Reloading, changed_keys, with_live_keys
from musedaemon.run.supervision import Supervisor

OLD = Config()
NEW = Config(ports=Ports(thru=False), turns=Turns(hand_over_s=0.3), model=Model(memory=0.9), reply=Reply(polyphony=1))


def reloading(reread: Callable[[], Config]) -> tuple[Reloading, Told, list[Config]]:
    told, adopted = Told(), list[Config]()
    routine = Reloading(OLD, reread, adopted.append, told, Supervisor({}))
    routine.ask()
    assert routine.next_deadline() == 0.0
    routine.advance(1.0)
    assert routine.next_deadline() == float("inf")
    return routine, told, adopted


def test_every_live_key_is_a_key() -> None:
    assert {(section, key) for section, keys in LIVE_KEYS.items() for key in keys} <= {
        (section, key) for section in SECTIONS for key in rules(section)
    }


def test_what_can_change_while_it_plays_does_and_the_rest_is_named() -> None:
    live, waiting = changed_keys(OLD, NEW)
    assert (live, waiting) == (["turns.hand_over_s", "model.memory", "reply.polyphony"], ["ports.thru"])
    merged = with_live_keys(OLD, NEW)
    assert merged == replace(NEW, ports=OLD.ports)


def test_settings_that_are_read_again_count_at_once() -> None:
    routine, told, adopted = reloading(lambda: NEW)
    assert adopted == [replace(NEW, ports=OLD.ports)]
    assert told.reloads == [(["turns.hand_over_s", "model.memory", "reply.polyphony"], ["ports.thru"])]
    routine.ask()
    routine.advance(2.0)
    assert told.reloads[1:] == [([], ["ports.thru"])]
    assert len(adopted) == 1


def test_a_file_that_cannot_be_used_changes_nothing() -> None:
    def reread() -> Config:
        raise ConfigError("config.toml: tempo.bmp: unknown key.\n--bpm: too fast.")

    _, told, adopted = reloading(reread)
    assert (adopted, told.reloads) == ([], [])
    assert told.warnings == [
        "the settings stay as they were, because the new ones cannot be used:"
        " config.toml: tempo.bmp: unknown key. --bpm: too fast."
    ]


def answering_engine() -> Engine:
    """An engine in the middle of its reply."""
    engine = Engine(FakeModel(), TempoTracker(120.0), SETTINGS)
    for event in melody([60, 62, 64, 65]):
        engine.receive(Heard(event))
    while engine.turn is not Turn.REPLYING:
        engine.advance(engine.next_deadline())
    return engine


def test_other_dials_leave_the_reply_underway_and_all_that_was_heard() -> None:
    engine = answering_engine()
    before = engine.moment
    assert engine.adopt(replace(SETTINGS, memory=0.9, sampling=SamplingSettings(temperature=0.5)), 3.0) == []
    assert engine.turn is Turn.REPLYING
    assert engine.moment is before
    assert engine.memory.dial == 0.9


@pytest.mark.parametrize(
    "changed",
    [
        replace(SETTINGS, hand_over_s=2.0),
        replace(SETTINGS, lengths=Lengths(2.0)),
        replace(SETTINGS, mode=Mode.LISTEN),
    ],
)
def test_another_manner_begins_once_the_reply_has_given_way(changed: EngineSettings) -> None:
    engine = answering_engine()
    assert [type(effect) for effect in engine.adopt(changed, 3.0)] == [Withdraw]
    engine.receive(Withdrawn(3.0))
    assert engine.mode is changed.mode
    assert engine.turn is not Turn.REPLYING


def test_a_mode_chosen_while_playing_stays_where_the_file_names_the_one_it_did() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), SETTINGS)
    engine.adopt(replace(SETTINGS, mode=Mode.LISTEN), 1.0)
    assert engine.mode is Mode.LISTEN
    engine.adopt(replace(SETTINGS, mode=Mode.LISTEN, hand_over_s=1.0), 2.0)
    assert engine.mode is Mode.LISTEN


def test_a_memory_turned_while_playing_stays_where_the_file_names_the_one_it_did() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), SETTINGS)
    engine.memory.dial = 0.9
    engine.adopt(replace(SETTINGS, hand_over_s=1.0), 1.0)
    assert engine.memory.dial == 0.9
    engine.adopt(replace(SETTINGS, memory=0.1), 2.0)
    assert engine.memory.dial == 0.1


def test_a_later_hand_over_is_waited_for() -> None:
    engine = Engine(FakeModel(), TempoTracker(120.0), SETTINGS)
    engine.adopt(replace(SETTINGS, hand_over_s=3.0), 0.0)
    for event in melody([60, 62, 64, 65]):
        engine.receive(Heard(event))
    while engine.turn is not Turn.REPLYING:
        handed_over = engine.next_deadline()
        engine.advance(handed_over)
    assert handed_over >= 1.9 + 3.0
