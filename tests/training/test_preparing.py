from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.music_files import Sound, midi_bytes, random_melody

from musedaemon_training import preparing
from musedaemon_training.copies import select
from musedaemon_training.corpus import find_files
from musedaemon_training.shards import Library, open_library

PREPARE = Path(__file__).parents[2] / "training" / "prepare.py"
BOOK = "".join(f"X:{number}\nT:t\nM:4/4\nL:1/8\nK:C\nCDEF GABc | cBAG FEDC | CDEF GABc |\n" for number in range(1, 9))


def library_of(folder: Path, files: dict[str, bytes]) -> Library:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return open_library(find_files([folder]), folder.parent / "cache")


def copies_in(library: Library) -> dict[str, str]:
    selection = select(library, "drop")
    assert selection.kept.tolist() == [i for i, original in enumerate(selection.original) if original < 0]
    return {
        library.names[i]: f"{'exact' if selection.exact[i] else 'near'} {library.names[original]}"
        for i, original in enumerate(selection.original.tolist())
        if original >= 0
    }


def moved(sounds: list[Sound], ticks: int, up: int = 0, velocity: int | None = None) -> list[Sound]:
    return [Sound(s.at + ticks, s.pitch + up, s.length, velocity or s.velocity) for s in sounds]


def test_the_same_notes_are_one_piece_the_one_with_dynamics(tmp_path: Path) -> None:
    song, other = random_melody(1), random_melody(2)
    files = {
        "a.mid": midi_bytes(moved(song, 0, velocity=64)),
        "b.mid": midi_bytes(song),
        "c.mid": midi_bytes(moved(song, 48)),
        "d.mid": midi_bytes(other),
    }
    assert copies_in(library_of(tmp_path / "data", files)) == {"a.mid": "exact b.mid", "c.mid": "exact b.mid"}


def test_of_near_copies_the_fullest_stays(tmp_path: Path) -> None:
    song = random_melody(1)
    bass = [Sound(s.at, 36, s.length) for s in song[::2]]
    files = {
        "melody.mid": midi_bytes(song),
        "higher.mid": midi_bytes(moved(song, 0, up=3)),
        "full.mid": midi_bytes(song, bass),
        "a part.mid": midi_bytes(song[40:160]),
        "another.mid": midi_bytes(random_melody(2)),
    }
    copied = copies_in(library_of(tmp_path / "data", files))
    assert copied == dict.fromkeys(("melody.mid", "higher.mid", "a part.mid"), "near full.mid")


def test_a_chain_of_likenesses_drops_only_what_is_like_something_kept(tmp_path: Path) -> None:
    """B shares half of A and half of C; A and C share nothing, and both stay."""
    first, second = random_melody(1), random_melody(2)
    end = first[-1].at + first[-1].length
    both = [*first[100:], *moved(second[:100], end)]
    files = {"a.mid": midi_bytes(first), "b.mid": midi_bytes(both[:190]), "c.mid": midi_bytes(second)}
    assert list(copies_in(library_of(tmp_path / "data", files))) == ["b.mid"]


def test_a_quotation_is_no_copy(tmp_path: Path) -> None:
    first, second = random_melody(1), random_melody(2)
    quoting = [*second, *moved(first[:50], second[-1].at + 24)]
    assert copies_in(library_of(tmp_path / "data", {"a.mid": midi_bytes(first), "b.mid": midi_bytes(quoting)})) == {}


def test_copies_may_be_kept(tmp_path: Path) -> None:
    data = midi_bytes(random_melody(1))
    library = library_of(tmp_path / "data", {"a.mid": data, "b.mid": data})
    assert select(library, "keep").kept.tolist() == [0, 1]
    assert select(library, "drop").kept.tolist() == [0]
    assert select(library, "drop").kept.tolist() == [0], "as remembered"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    song = random_melody(1)
    files = {
        "a.mid": midi_bytes(song, tempos=[(0, 500_000), (song[-1].at + song[-1].length, 250_000)], meters=[(0, 3, 4)]),
        "b.mid": midi_bytes(moved(random_melody(2), 0, velocity=70), meters=[]),
        "copy.mid": midi_bytes(song),
        "broken.mid": b"nothing",
        "few.mid": midi_bytes(song[:5]),
        "drums.mid": midi_bytes(drums=song),
        "test.mid": midi_bytes(random_melody(3)),
    }
    for name, content in files.items():
        (data / name).write_bytes(content)
    (data / "test.txt").write_text("test.mid\n")
    return data


def report_of(corpus: Path) -> dict[str, Any]:
    (path,) = (corpus.parent / "cache").rglob("report.json")
    values: dict[str, Any] = json.loads(path.read_text())
    return values


def test_the_report_tells_what_became_of_the_corpus(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert preparing.main(["--data", str(corpus)]) == 0
    said = capsys.readouterr().out
    values = report_of(corpus)
    assert values["files"] == {"found": 7, "set aside by test.txt": 1, "read": 6, "kept": 2}
    assert values["pieces"] == {"found": 6, "kept": 2, "dropped": 4}
    assert values["dropped"] == {"broken": 1, "drums only": 1, "too few notes": 1, "exact copy": 1}
    assert {"name": "copy.mid", "reason": "exact copy", "why": "has the notes of a.mid"} in values["dropped by name"]
    assert values["notes"] == 400
    ticks = sum(s.length for seed in (1, 2) for s in random_melody(seed))
    assert values["hours"] == pytest.approx(ticks / 24 * 0.5 / 3600, abs=0.001)
    assert values["tempo"] == {"marked": 0.5, "quarters a minute": {"p5": 120.0, "p50": 120.0, "p95": 120.0}}
    assert values["meter"] == {"marked": 0.5, "pieces": {"3/4": 1, "none": 1}}
    assert values["dynamics"] == {"marked": 0.5}
    assert "files: 7 found, 1 set aside by test.txt, 2 kept" in said
    assert "pieces: 6 found, 2 kept; dropped: 1 broken" in said
    assert "music: 400 notes" in said


def test_copies_kept_are_counted(corpus: Path) -> None:
    assert preparing.main(["--data", str(corpus), "--copies", "keep"]) == 0
    assert report_of(corpus)["pieces"] == {"found": 6, "kept": 3, "dropped": 3}


def test_ctrl_c_is_no_accident(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(preparing, "open_library", interrupted)
    assert preparing.main(["--data", str(corpus)]) == preparing.INTERRUPTED
    assert "The same command goes on where it was" in capsys.readouterr().out


def test_a_terminal_does_not_obey_the_name_of_a_file(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpus / "red \x1b[31m.mid").write_bytes(b"nothing")
    assert preparing.main(["--data", str(corpus)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "skipped: red \\x1b[31m.mid is broken" in out


def test_a_mistake_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert preparing.main(["--data", str(tmp_path / "nowhere")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("prepare.py: ")
    assert error.count("\n") == 1


def reading(data: Path, cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PREPARE), "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        start_new_session=True,
        # In the background of a script it is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the readers of a process group in /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_preparation_cut_short_leaves_no_reader_and_goes_on(ending: signal.Signals, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(300):  # more than are read before the signal comes
        (data / f"{number:03d}.abc").write_text(BOOK)
    process = reading(data, tmp_path / "cache")
    wait_until(lambda: sum(path.stat().st_size for path in tmp_path.rglob("*.jsonl")) > 0)
    process.send_signal(ending)
    out, err = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if ending is signal.SIGKILL else preparing.INTERRUPTED), err
    assert "Traceback" not in err
    assert ("goes on where it was" in out) == (ending is not signal.SIGKILL)
    wait_until(lambda: not members(process.pid))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    again = reading(data, tmp_path / "cache")
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert "files: 300 found" in out
    for path, lines in before.items():
        whole = lines[: lines.rfind(b"\n") + 1]
        assert path.read_bytes().startswith(whole)


def members(group: int) -> list[int]:
    """The processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state != "Z":
                found.append(int(path.parent.name))
    return found
