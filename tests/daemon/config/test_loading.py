"""Reading settings: what is given counts, what is missing keeps its default, what is wrong is told all at once."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.config import loading
from musedaemon.config.checking import check_document, check_value, conflicts
from musedaemon.config.loading import Override, find, load, merge, settings
from musedaemon.config.schema import SECTIONS, Config, Model, Ports, Takes, Tempo, Turns, defaults, rules
from musedaemon.errors import ConfigError


def write(folder: Path, text: str, name: str = "config.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    """What `load` says, without the file's name before each line."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, "")) == Config()


def test_given_keys_count_and_the_others_keep_their_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, '[ports]\ninput = "Keystation"\nresponse_channel = 2\n[tempo]\nbpm = 96.5\n')
    assert load(path) == Config(ports=Ports(input="Keystation", response_channel=2), tempo=Tempo(bpm=96.5))


def test_a_whole_number_will_do_for_a_number_and_becomes_one(tmp_path: Path) -> None:
    config = load(write(tmp_path, "[tempo]\nbpm = 96\n[model]\ntop_p = 1\n"))
    assert (config.tempo.bpm, type(config.tempo.bpm)) == (96.0, float)
    assert (config.model.top_p, type(config.model.top_p)) == (1.0, float)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[tempo]\r\nbpm = 120\r\n")
    assert load(path).tempo.bpm == 120


def test_all_problems_are_told_at_once_each_on_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        bpm = 90
        [turn]
        length = 2.0
        [ports]
        input = 3
        api = "jak"
        thru = 1
        response_channel = true
        [turns]
        hand_over = 1.0
        bpm = 100
        length = 5
        zzz = 0
        [model]
        temperature = nan
        top_p = inf
        seed = 4.0
        lowest_pitch = 90
        highest_pitch = 60
        """,
    )
    assert problems(path) == [
        "bpm: belongs below the line [tempo].",
        "turn: unknown section. Did you mean turns?",
        'ports.input: must be a text in "quotes", not 3.',
        'ports.api: "jak" is not one of auto, alsa, jack, coremidi, winmm. Did you mean jack?',
        "ports.thru: must be true or false, not 1.",
        "ports.response_channel: must be a whole number, not true.",
        "turns.hand_over: unknown key. Did you mean hand_over_s?",
        "turns.bpm: belongs below the line [tempo].",
        "turns.length: 5 is out of range: it must be 0.25 to 4.",
        "turns.zzz: unknown key.",
        "model.temperature: must be 0.05 to 3, not nan.",
        "model.top_p: must be 0.05 to 1, not inf.",
        "model.seed: must be a whole number, not 4.0.",
        "model.lowest_pitch: 90 lies above model.highest_pitch, 60; no note is left to play.",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ports = 3", "ports: must be a section: write [ports] on a line of its own, its keys below."),
        ("[[ports]]", "ports: must be a section: write [ports] on a line of its own, its keys below."),
        ('hand_ovr = ""', "hand_ovr: unknown key outside any section. Did you mean hand_over_s?"),
        ('[ports]\n"a\\nb" = 1', 'ports."a\\nb": unknown key.'),
        ("[tempo]\nbpm = 19.9",
         "tempo.bpm: 19.9 is out of range: it must be 20 to 300, or 0 to find it in the playing."),
        ("[tempo]\nbpm = 2020-01-01", "tempo.bpm: must be a number, not 2020-01-01."),
        ("[tempo]\nbpm = [1]", "tempo.bpm: must be a number, not a list."),
        ("[model]\nseed = 0x1ffffffff", "model.seed: 8589934591 is out of range: it must be 0 to 4294967295,"
         " or -1 for a new one at each start."),
        ("[model]\ntop_p = 0x" + "f" * 9000, "model.top_p: a number that long is out of range: it must be 0.05 to 1."),
        ("[tempo]\nbpm = 96\nbpm = 97\n", "line 3 is not TOML: Cannot overwrite a value."),
        ("[tempo]\nbpm 96", "line 2 is not TOML: Expected '=' after a key in a key/value pair."),
        ("[tempo]\nbpm = " + "[" * 9000, "is not a configuration file; see config.toml of musedaemon."),
        ("[tempo]\nbpm = " + "9" * 9000, "is not a configuration file; see config.toml of musedaemon."),
    ],
    ids=range(13),
)  # fmt: skip
def test_a_problem_is_one_sentence(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(write(tmp_path, text)) == [problem]


def test_text_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'[ports]\ninput = "Clavier \xe9lectrique"\n')
    assert problems(path) == ["line 2 is not UTF-8 text; save the file as UTF-8."]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml") == ["there is no such file; check the path given to --config."]
    assert problems(tmp_path)[0].startswith("cannot be read (")


def test_a_model_path_counts_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[model]\npath = "models/mine.onnx"\n')
    assert load(path).model.path == str(tmp_path / "models" / "mine.onnx")
    absolute = tmp_path / "elsewhere.onnx"
    assert load(write(tmp_path, f"[model]\npath = '{absolute}'\n")).model.path == str(absolute)


def test_the_home_folder_can_be_named_as_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = write(tmp_path, '[ports]\ninput = "~/call.mid"\noutput = "Synth"\n[model]\npath = "~/m.onnx"\n')
    config = load(path)
    assert [Path(name) for name in (config.ports.input, config.model.path)] == [
        tmp_path / "call.mid",
        tmp_path / "m.onnx",
    ]
    assert config.ports.output == "Synth"


def test_the_explicit_file_is_found_first_then_the_folders_then_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(loading, "user_file", lambda: home / "config.toml")
    assert find(None) is None
    write(home, "")
    assert find(None) == home / "config.toml"
    write(here, "")
    assert find(None) == Path("config.toml")
    assert find(Path("other.toml")) == Path("other.toml")


def test_the_users_file_lies_in_the_users_configuration_folder() -> None:
    assert loading.user_file().name == "config.toml"
    assert loading.user_file().parent.name == "musedaemon"
    assert loading.user_file().is_absolute()


def test_the_command_line_wins_and_leaves_the_rest() -> None:
    config = Config(tempo=Tempo(bpm=90.0), turns=Turns(length=2.0))
    merged = merge(config, [Override("tempo", "bpm", 120, "--bpm"), Override("ports", "thru", False, "--no-thru")])
    assert merged == replace(config, tempo=Tempo(bpm=120.0), ports=Ports(thru=False))


def test_wrong_options_are_told_all_at_once_by_the_name_that_was_typed() -> None:
    with pytest.raises(ConfigError) as caught:
        merge(Config(), [Override("tempo", "bpm", "fast", "--bpm"), Override("model", "seed", -2, "--seed")])
    assert str(caught.value).split("\n") == [
        '--bpm: must be a number, not "fast".',
        "--seed: -2 is out of range: it must be 0 to 4294967295, or -1 for a new one at each start.",
    ]


def test_bounds_that_cross_only_after_merging_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^model\.lowest_pitch: 80 lies above model\.highest_pitch, 70;"):
        merge(Config(model=Model(highest_pitch=70)), [Override("model", "lowest_pitch", 80, "--lowest")])


@pytest.mark.parametrize(("pedal", "number"), [("sustain", 64), ("sostenuto", 66)])
def test_the_pedal_that_hands_over_is_told_to_be_no_other_control(pedal: str, number: int) -> None:
    assert conflicts(Config(turns=Turns(hand_over_pedal=pedal, mode_control=number))) == [
        f"turns.mode_control: {number} is the {pedal} pedal, which is turns.hand_over_pedal;"
        " choose another for one of them."
    ]
    [told] = conflicts(Config(tempo=Tempo(tap_control=number), turns=Turns(hand_over_pedal=pedal)))
    assert told.startswith("tempo.tap_control: ")
    assert not conflicts(Config(turns=Turns(hand_over_pedal=pedal, mode_control=65)))


def test_without_silence_there_must_be_a_signal() -> None:
    with pytest.raises(ConfigError, match=r"^turns\.hand_over_s: 0 leaves no way to hand over; choose"):
        merge(Config(), [Override("turns", "hand_over_s", 0, "--hand-over")])
    by_key = Config(turns=Turns(hand_over_key=21))
    assert merge(by_key, [Override("turns", "hand_over_s", 0, "--hand-over")]).turns.hand_over_s == 0


def test_a_bad_file_and_a_bad_option_are_told_together(tmp_path: Path) -> None:
    path = write(tmp_path, "[tempo]\nbpm = 1\n")
    with pytest.raises(ConfigError) as caught:
        settings(path, [Override("model", "top_p", 2, "--top-p")])
    assert [line.partition(":")[0] for line in str(caught.value).split("\n")] == [str(path), "--top-p"]


def test_settings_are_the_files_with_the_options_on_top(tmp_path: Path) -> None:
    path = write(tmp_path, "[tempo]\nbpm = 100\n[turns]\nlength = 2\n")
    assert settings(path, [Override("tempo", "bpm", 60, "--bpm")]) == Config(
        tempo=Tempo(bpm=60.0), turns=Turns(length=2.0)
    )


NUMBERS = [
    (section, key, rule)
    for section in SECTIONS
    for key, rule in rules(section).items()
    if rule.low is not None and rule.high is not None
]


@given(st.sampled_from(NUMBERS), st.integers() | st.floats())
def test_a_number_is_taken_exactly_when_it_lies_in_the_range(setting: tuple[str, str, object], value: float) -> None:
    section, key, _ = setting
    rule = rules(section)[key]
    assert rule.low is not None
    assert rule.high is not None
    whole = isinstance(defaults(section)[key], int)
    fits = (rule.low <= value <= rule.high or value == rule.special) and not (whole and isinstance(value, float))
    taken, problem = check_value(section, key, value)
    assert (taken == value, problem == "") == (fits, fits)
    assert "\n" not in problem


words = st.text(max_size=8) | st.sampled_from([*SECTIONS, *(key for section in SECTIONS for key in rules(section))])
values = st.recursive(
    st.text() | st.integers() | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=3),
)


@given(st.dictionaries(words, values, max_size=4))
def test_any_document_gives_values_or_problems_of_one_line(document: dict[str, object]) -> None:
    good, wrong = check_document(document)
    assert all(line == line.strip() and line and "\n" not in line for line in wrong)
    entries = [(section, key) for section, content in good.items() for key in content]
    assert all(key in rules(section) for section, key in entries)


@pytest.mark.parametrize(
    "config",
    [
        Config(turns=Turns(panic_key=30, hand_over_key=30)),
        Config(turns=Turns(panic_key=30), tempo=Tempo(tap_key=30)),
        Config(turns=Turns(panic_control=64, hand_over_pedal="sustain")),
        Config(turns=Turns(panic_control=30, mode_control=30)),
        Config(turns=Turns(panic_control=30), takes=Takes(keep_control=30)),
        Config(turns=Turns(panic_key=30), takes=Takes(keep_key=30)),
    ],
)
def test_what_panics_means_nothing_else(config: Config) -> None:
    [told] = conflicts(config)
    assert told.startswith("turns.panic_")
