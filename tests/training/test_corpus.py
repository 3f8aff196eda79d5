from __future__ import annotations

from pathlib import Path

import pytest

from musedaemon.errors import TrainingError
from musedaemon_training.corpus import find_files, tune_books


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def names(*folders: Path) -> list[str]:
    return [file.name for file in find_files(folders)]


def test_files_are_found_however_nested_and_whatever_their_case(tmp_path: Path) -> None:
    for name in ("b.mid", "deep/er/a.MID", "c.midi", "d.abc", "notes.txt", "e.mp3"):
        touch(tmp_path / name)
    assert names(tmp_path) == ["b.mid", "c.midi", "d.abc", "deep/er/a.MID"]


def test_what_a_test_list_names_is_set_aside(tmp_path: Path) -> None:
    for name in ("x/one.mid", "x/two.mid", "y/three.mid"):
        touch(tmp_path / name)
    (tmp_path / "test.txt").write_text("# held out\nx/two.mid\n\ny/three.mid\n")
    assert names(tmp_path) == ["x/one.mid"]


def test_a_part_of_a_corpus_keeps_to_the_corpus_test_list(tmp_path: Path) -> None:
    for name in ("x/one.mid", "x/two.mid"):
        touch(tmp_path / name)
    (tmp_path / "test.txt").write_text("x/two.mid\n")
    assert names(tmp_path / "x") == ["one.mid"]


def test_a_test_list_inside_a_folder_is_relative_to_itself(tmp_path: Path) -> None:
    for name in ("x/one.mid", "x/two.mid"):
        touch(tmp_path / name)
    (tmp_path / "x" / "test.txt").write_text("one.mid\n")
    assert names(tmp_path) == ["x/two.mid"]


def test_a_test_list_in_one_folder_holds_for_all(tmp_path: Path) -> None:
    for name in ("a/one.mid", "b/two.mid"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (tmp_path / "a" / "test.txt").write_text("../b/two.mid\n")
    assert [file.name for file in find_files([tmp_path / "a", tmp_path / "b"])] == ["one.mid"]


def test_a_file_in_two_folders_counts_once(tmp_path: Path) -> None:
    touch(tmp_path / "x" / "one.mid")
    assert names(tmp_path, tmp_path / "x") == ["x/one.mid"]


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not a folder"):
        find_files([tmp_path / "nowhere"])
    with pytest.raises(TrainingError, match="No music file"):
        find_files([tmp_path])


def test_the_tune_books_of_music21_are_there() -> None:
    pytest.importorskip("music21")
    assert [book.name for book in tune_books()] == ["oneills1850", "ryansMammoth", "airdsAirs"]
    assert len(find_files(tune_books())) > 1000
