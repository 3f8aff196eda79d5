"""The names of scales, as musicians type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musedaemon.config.checking import check_value
from musedaemon.config.scale_names import follows_call, leans_to_call, scale_named, scale_problem
from musedaemon.core.scales import STEPS, TONICS, Scale


@pytest.mark.parametrize(
    ("typed", "scale"),
    [
        ("C major", Scale(0, "major")),
        ("c", Scale(0, "major")),
        ("  Eb   maj ", Scale(3, "major")),
        ("Am", Scale(9, "minor")),
        ("a-minor", Scale(9, "minor")),
        ("F#m", Scale(6, "minor")),
        ("f sharp minor", Scale(6, "minor")),
        ("B-flat harmonic minor", Scale(10, "harmonic minor")),
        ("bb", Scale(10, "major")),
        ("bbm", Scale(10, "minor")),
        ("b blues", Scale(11, "blues")),
        ("Bb blues", Scale(10, "blues")),
        ("D DORIAN", Scale(2, "dorian")),
        ("G mixolydian", Scale(7, "mixolydian")),
        ("F# pentatonic", Scale(6, "pentatonic")),
        ("A minor pentatonic", Scale(9, "minor pentatonic")),
        ("A♭ lydian", Scale(8, "lydian")),
        ("Cb", Scale(11, "major")),
        ("g_moll", Scale(7, "minor")),
    ],
)
def test_what_musicians_type(typed: str, scale: Scale) -> None:
    assert scale_named(typed) == scale
    assert scale_problem(typed) == ""


@given(st.integers(0, 11), st.sampled_from(sorted(STEPS)))
def test_a_scale_is_read_as_it_is_shown(tonic: int, kind: str) -> None:
    assert scale_named(str(Scale(tonic, kind))) == Scale(tonic, kind)


@pytest.mark.parametrize("typed", ["off", "auto", "OFF", " Auto ", "lean", "Lean"])
def test_the_words_that_are_no_scale(typed: str) -> None:
    assert scale_named(typed) is None
    assert scale_problem(typed) == ""
    assert follows_call(typed) == (typed.strip().lower() == "auto")
    assert leans_to_call(typed) == (typed.lower() == "lean")


WANTED = 'write "off", "lean", "auto", or a note and a kind of scale, such as "C major" or "F# dorian".'


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("D dorain", f'"D dorain" is not a scale: {WANTED} Did you mean d dorian?'),
        ("f# mixo lydian", f'"f# mixo lydian" is not a scale: {WANTED} Did you mean f# mixolydian?'),
        ("atuo", f'"atuo" is not a scale: {WANTED} Did you mean auto?'),
        ("phrygian", '"phrygian" lacks the note it starts on: write "C phrygian", or another note.'),
        ("H major", f'"H major" is not a scale: {WANTED}'),
        ("", f'"" is not a scale: {WANTED}'),
        ("x" * 99, f'"{"x" * 37}..." is not a scale: {WANTED}'),
    ],
)
def test_a_mistake_is_told_in_one_sentence(typed: str, problem: str) -> None:
    assert scale_problem(typed) == problem
    assert check_value("reply", "scale", typed) == (None, problem)


@given(st.text(max_size=30))
def test_any_text_is_a_scale_or_told_to_be_none(typed: str) -> None:
    known = scale_named(typed) is not None or typed.strip().lower() in ("off", "auto", "lean")
    assert (scale_problem(typed) == "") == known


def test_scales_hold_what_their_names_say() -> None:
    def names(scale: Scale) -> set[str]:
        return {TONICS[pitch_class] for pitch_class in scale.pitch_classes}

    assert names(Scale(2, "dorian")) == names(Scale(0, "major")) == set("CDEFGAB")
    assert names(Scale(7, "mixolydian")) == set("GABCDEF")
    assert names(Scale(9, "harmonic minor")) == {"A", "B", "C", "D", "E", "F", "Ab"}
    assert names(Scale(4, "blues")) == {"E", "G", "A", "Bb", "B", "D"}
    assert names(Scale(6, "pentatonic")) == {"F#", "Ab", "Bb", "Db", "Eb"}
