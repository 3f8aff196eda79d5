"""What became of a corpus: files in and kept, what was dropped and why, and what the music is like."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from musedaemon_training.copies import NO_ORIGINAL, Selection
from musedaemon_training.pieces import Reason
from musedaemon_training.shard_files import Skipped
from musedaemon_training.shards import Library

REPORT_FILE = "report.json"
METERS_TOLD = 6


def dropped_copies(library: Library, selection: Selection) -> list[Skipped]:
    """The pieces that are copies, each with what it copies."""
    told = []
    for i in np.flatnonzero(selection.original != NO_ORIGINAL).tolist():
        original, exact = library.names[selection.original[i]], bool(selection.exact[i])
        words = f"has the notes of {original}" if exact else f"shares the melody of {original}"
        told.append(Skipped(library.names[i], words, Reason.EXACT_COPY if exact else Reason.NEAR_COPY))
    return told


def report(library: Library, selection: Selection, files: int, set_aside: int) -> dict[str, Any]:
    """As JSON values. `files` is how many were read, `set_aside` how many more a test list keeps out."""
    kept = library.only(selection.kept)
    dropped = [*library.skipped, *dropped_copies(library, selection)]
    by_reason = Counter(str(skipped.kind) for skipped in dropped)
    return {
        "shards": str(library.folder),
        "files": {
            "found": files + set_aside,
            "set aside by test.txt": set_aside,
            "read": files,
            "kept": len(set(kept.files)),
        },
        "pieces": {"found": len(library) + len(library.skipped), "kept": len(kept), "dropped": len(dropped)},
        "dropped": dict(by_reason.most_common()),
        **_music(kept),
        "dropped by name": [{"name": d.name, "reason": str(d.kind), "why": d.reason} for d in dropped],
    }


def _music(kept: Library) -> dict[str, Any]:
    pieces = kept.pieces
    notes = max(int(pieces["length"].sum(dtype=np.int64)), 1)

    def share(flags: Any) -> float:
        return round(float(pieces["length"][flags].sum(dtype=np.int64)) / notes, 4)

    meters = Counter(zip(pieces["numerator"].tolist(), pieces["denominator"].tolist(), strict=True))
    tempo = pieces["tempo"][pieces["tempo"] > 0]
    return {
        "notes": notes,
        "hours": round(float(pieces["seconds"].sum(dtype=np.float64)) / 3600.0, 3),
        "tempo": {
            "marked": share(pieces["tempo"] > 0),
            "quarters a minute": _percentiles(tempo),
        },
        "meter": {
            "marked": share(pieces["with_bars"]),
            "pieces": {f"{n}/{d}" if d else "none": count for (n, d), count in meters.most_common()},
        },
        "dynamics": {"marked": share(pieces["with_velocity"])},
        "played by hand": share(pieces["by_hand"]),
    }


def _percentiles(values: Any) -> dict[str, float]:
    if len(values) == 0:
        return {}
    return {f"p{p}": round(float(np.percentile(values, p)), 1) for p in (5, 50, 95)}


def report_text(values: dict[str, Any]) -> str:
    """For a terminal, a few lines."""
    files, pieces = values["files"], values["pieces"]
    aside = f", {files['set aside by test.txt']} set aside by test.txt" if files["set aside by test.txt"] else ""
    dropped = ", ".join(f"{count} {reason}" for reason, count in values["dropped"].items()) or "none"
    meters = ", ".join(f"{meter} {count}" for meter, count in list(values["meter"]["pieces"].items())[:METERS_TOLD])
    by_hand = f", {values['played by hand']:.0%} of them played by hand" if values["played by hand"] else ""
    tempo = values["tempo"]["quarters a minute"]
    middle = f", the middle one {tempo['p50']:.0f}" if tempo else ""
    return "\n".join(
        (
            f"files: {files['found']} found{aside}, {files['kept']} kept",
            f"pieces: {pieces['found']} found, {pieces['kept']} kept; dropped: {dropped}",
            f"music: {values['notes']:,} notes, {values['hours']:.1f} hours{by_hand}",
            f"tempo marked for {values['tempo']['marked']:.0%} of the notes{middle};"
            f" dynamics for {values['dynamics']['marked']:.0%}",
            f"meter marked for {values['meter']['marked']:.0%}: {meters}",
            f"all of this, and the names of what is dropped: {Path(values['shards']) / REPORT_FILE}",
        )
    )
