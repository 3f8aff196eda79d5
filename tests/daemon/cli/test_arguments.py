"""From what is typed to settings."""

from pathlib import Path

import pytest

from musedaemon.cli.arguments import CONNECTION, ELSEWHERE, LIVE, MODEL, OPTIONS, Subcommand, overrides, parse
from musedaemon.config.loading import Override, merge
from musedaemon.config.schema import Config, Log, Model, Ports, Tempo, Turns, rules

PORTS = Subcommand("ports", "list", (CONNECTION,))


def typed(*words: str) -> Config:
    return merge(Config(), overrides(parse(words, [PORTS])))


def test_nothing_typed_changes_nothing() -> None:
    assert overrides(parse([], [PORTS])) == []
    assert typed() == Config()


def test_every_option_sets_its_key() -> None:
    line = (
        "--in call.mid --out Synth --api jack --channel 3 --no-thru --bpm 96 --hand-over 0.8 --no-wait "
        "--model m.onnx --temperature 1.2 --top-p 0.9 --seed 7 -v"
    )
    assert typed(*line.split()) == Config(
        ports=Ports(input="call.mid", output="Synth", api="jack", thru=False, response_channel=3),
        turns=Turns(hand_over_s=0.8, wait_for_reply=False),
        tempo=Tempo(bpm=96.0),
        model=Model(path="m.onnx", temperature=1.2, top_p=0.9, seed=7),
        log=Log(level="verbose"),
    )


def test_every_option_stands_for_a_key_of_the_schema() -> None:
    assert [option for option in OPTIONS if option.key not in rules(option.section)] == []


def test_an_option_of_another_program_is_none_of_ours_and_stands_for_one() -> None:
    ours = {flag for option in OPTIONS for flag in option.flags}
    assert ours.isdisjoint(ELSEWHERE)
    meant = [word for words in ELSEWHERE.values() for word in words.split() if word.startswith("--")]
    assert ours.issuperset(meant)


@pytest.mark.parametrize(("flag", "level"), [("-q", "quiet"), ("--quiet", "quiet"), ("-v", "verbose")])
def test_how_much_is_told(flag: str, level: str) -> None:
    assert typed(flag).log.level == level


def test_thru_can_be_turned_on_again() -> None:
    off = Config(ports=Ports(thru=False))
    assert merge(off, overrides(parse(["--thru"], []))).ports.thru is True


def test_a_port_whose_name_is_a_number_stays_a_name() -> None:
    assert typed("--in", "49", "--out", "1e3").ports == Ports(input="49", output="1e3")


def test_a_negative_seed_is_a_value_and_no_option() -> None:
    assert typed("--seed", "-1").model.seed == -1


def test_the_last_of_an_option_typed_twice_counts() -> None:
    assert typed("--bpm", "90", "--bpm", "100").tempo.bpm == 100


def test_an_override_carries_what_was_typed() -> None:
    assert overrides(parse(["--bpm", "fast"], [])) == [Override("tempo", "bpm", "fast", "--bpm")]


def test_a_switch_is_asked_of_its_command_alone_and_is_no_setting() -> None:
    bench = Subcommand("bench", "measure", (MODEL,), (LIVE,))
    assert parse(["bench"], [bench]).live is False
    live = parse(["bench", "--live", "--model", "m.onnx"], [bench])
    assert live.live is True
    assert overrides(live) == [Override("model", "path", "m.onnx", "--model")]


def test_a_subcommand_takes_its_options_before_and_after_its_name() -> None:
    after = parse(["ports", "--api", "jack", "--config", "a.toml"], [PORTS])
    before = parse(["--api", "jack", "--config", "a.toml", "ports"], [PORTS])
    for parsed in (after, before):
        assert (parsed.command, parsed.config) == ("ports", Path("a.toml"))
        assert overrides(parsed) == [Override("ports", "api", "jack", "--api")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--inn x", "unknown option --inn. Did you mean --in?"),
        ("--handover=1 ports", "unknown option --handover. Did you mean --hand-over?"),
        ("--tempo 120", "unknown option --tempo. Did you mean --bpm?"),
        ("--tmepo 120", "unknown option --tmepo. Did you mean --bpm?"),
        ("--PORT=Keys", "unknown option --PORT. Did you mean --in or --out?"),
        ("--latency 30", "unknown option --latency. Did you mean --output-offset?"),
        ("--xyzzy", "unknown option --xyzzy."),
        ("port", "unknown command port. Did you mean ports?"),
        ("play", "unknown command play. To play, leave it out."),
        ("--in", "argument --in: expected one argument."),
        ("--seed -q", "argument --seed: expected one argument."),
        ("-q -v", "argument -v/--verbose: not allowed with argument -q/--quiet."),
        ("--thru --no-thru", "argument --no-thru: not allowed with argument --thru."),
        ("ports --bpm 3", "unrecognized arguments: --bpm 3."),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line.split(), [PORTS])
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"musedaemon: {said} `musedaemon --help` shows what there is.\n")
