from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.music_files import write_corpus

from musedaemon_training.augment import AS_WRITTEN, IGNORED, Odds
from musedaemon_training.batches import LONGEST_EXCERPT, Batch, ShuffledExcerpts, Stream, whole_pieces
from musedaemon_training.corpus import find_files
from musedaemon_training.prefetch import Prefetch
from musedaemon_training.ranks import Ranks
from musedaemon_training.shards import Library, open_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("batches")
    write_corpus(folder / "data" / "short", 5, notes=50)
    write_corpus(folder / "data" / "long", 1, notes=5000)
    return open_library(find_files([folder / "data"]), folder / "cache")


def single(library: Library, rows: int = 3, steps: int = 16) -> Stream:
    everything = range(len(library))
    return Stream(library, whole_pieces(library, everything), AS_WRITTEN, rows, steps, seed=1, endless=False)


def endless(library: Library, seed: int = 1) -> Stream:
    return Stream(library, ShuffledExcerpts(library, range(len(library)), seed), Odds(), 4, 32, seed)


def test_each_note_but_the_first_of_a_piece_is_a_target_once(library: Library) -> None:
    total = sum(library.length(i) - 1 for i in range(len(library)))
    batches = list(single(library))
    assert sum(batch.notes for batch in batches) == total
    assert sum(int((batch.targets[1] != IGNORED).sum()) for batch in batches) == total


def test_a_row_plays_its_piece_to_the_end_and_then_the_next(library: Library) -> None:
    played: list[int] = []
    for batch in single(library, rows=1):
        if batch.fresh[0]:
            played.append(int(batch.given[4, 0, 0]))
        count = int((batch.targets[1, :, 0] != IGNORED).sum())
        played.extend(batch.targets[1, :count, 0].tolist())
    pieces = [library.notes(i)["pitch"].tolist() for i in sorted(range(6), key=library.length, reverse=True)]
    assert played == [pitch for piece in pieces for pitch in piece]


def test_a_chunk_asks_for_the_note_after_each_note_given(library: Library) -> None:
    batch = next(single(library))
    assert batch.asked[:, :-1].tolist() == batch.given[:, 1:].tolist()
    assert batch.targets[0, :-1].tolist() == batch.asked[0, :-1].tolist()
    assert batch.targets[1].tolist() == batch.asked[4].tolist()


def test_long_pieces_are_cut_at_new_places_each_epoch_and_lose_no_target(library: Library) -> None:
    plan = ShuffledExcerpts(library, range(len(library)), seed=4)
    cuts = [sorted(e for e in plan(epoch) if library.length(e.piece) == 5000) for epoch in (0, 1)]
    assert cuts[0] != cuts[1]
    for excerpts in cuts:
        assert sum(e.stop - e.start - 1 for e in excerpts) == 4999
        assert max(e.stop - e.start for e in excerpts) <= LONGEST_EXCERPT + 1
    assert list(plan(0)) == list(plan(0))


def same(one: Batch, other: Batch) -> bool:
    arrays = zip(one[:5], other[:5], strict=True)
    return one.notes == other.notes and all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in arrays)


def test_a_stream_restored_goes_on_with_the_very_same_batches(library: Library) -> None:
    stream = endless(library)
    for _ in range(90):
        batch = next(stream)
    again = endless(library)
    again.restore(json.loads(json.dumps(batch.after)))
    assert all(same(next(stream), next(again)) for _ in range(90))


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_the_rows_of_the_very_same_batches(library: Library, processes: int) -> None:
    whole = endless(library)
    shares = [endless(library) for _ in range(processes)]
    for rank, share in enumerate(shares):
        share.own = Ranks(rank, processes).rows(share.rows)
    for _ in range(60):
        expected, parts = next(whole), [next(share) for share in shares]
        assert all(part.notes == expected.notes and part.after == expected.after for part in parts)
        for name in ("given", "asked", "targets", "sounding"):
            joined = np.concatenate([getattr(part, name) for part in parts], axis=1 if name == "sounding" else 2)
            assert np.array_equal(joined, getattr(expected, name))
        assert np.concatenate([part.fresh for part in parts]).tolist() == expected.fresh.tolist()


def test_another_seed_plays_otherwise(library: Library) -> None:
    assert not same(next(endless(library)), next(endless(library, seed=2)))


def test_batches_made_ahead_are_the_same_batches(library: Library) -> None:
    with Prefetch(single(library)) as ahead:
        made = list(ahead)
    assert all(same(a, b) for a, b in zip(made, single(library), strict=True))
    assert ahead.waited_s > 0.0


def test_an_error_in_the_batch_maker_comes_to_who_asks() -> None:
    def broken() -> object:
        raise OSError("the disk is gone")
        yield

    with Prefetch(broken()) as ahead, pytest.raises(OSError, match="the disk is gone"):  # type: ignore[arg-type]
        next(ahead)


def test_leaving_early_ends_the_batch_maker(library: Library) -> None:
    with Prefetch(endless(library)) as ahead:
        next(ahead)
    assert not ahead._thread.is_alive()


def test_the_cache_is_not_written_to(library: Library, tmp_path: Path) -> None:
    before = library.notes(0).copy()
    for _ in range(5):
        next(endless(library))
    assert library.notes(0).tolist() == before.tolist()
