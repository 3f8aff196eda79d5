"""The end of a soak: its table, and what is wrong with it."""

from __future__ import annotations

from statistics import median

from support.soak import Sums
from support.soak_health import Health

_MB_MORE = 12.0
"""What a process may have grown by after its first fifth, and is flat all the same."""
_MORE = 4
"""Threads or files: some come and go."""


def faults_of(sums: Sums) -> list[str]:
    """What is not as promised, a line each; none if all is well."""
    back = len(sums.back)
    faults = [f"hangs {one}" for one in sums.hanging] + sums.failures + sums.lost
    faults += [f"it said: {line.rstrip()}" for line in sums.unexpected]
    faults += [] if sums.status == 0 else [f"exit status {sums.status}"]
    faults += [f"{sums.malformed} malformed messages"] if sums.malformed else []
    if sums.told_reconnections != back:
        faults.append(f"{back} ports came back, it counts {sums.told_reconnections}")
    if sums.written is None or not sums.written.call or not sums.written.response:
        faults.append("no take holds both voices")
    return faults + _growth(sums.health)


def table(sums: Sums) -> str:
    """All figures, in Markdown."""
    rows = [
        ("faults", ", ".join(f"{count} x {name}" for name, count in sorted(sums.scenes.items()))),
        ("hanging notes", str(len(sums.hanging))),
        ("exceptions, words not expected, exit status", f"0, {len(sums.unexpected)}, {sums.status}"),
        ("takes lost", _takes(sums)),
        ("reconnections", f"{sums.told_reconnections} of {len(sums.back)}; {_times(sums)}"),
        ("phrases answered", f"{sums.answered} of {sums.asked}{_again(sums)}"),
        ("messages heard by the synth, malformed", f"{sums.messages}, {sums.malformed}"),
        ("late periods of JACK's", str(sums.late_periods)),
        *((when, str(health)) for when, health in _points(sums.health)),
        ("its last line", sums.told),
    ]
    return "\n".join(["| what | outcome |", "|---|---|", *(f"| {what} | {outcome} |" for what, outcome in rows)])


def _takes(sums: Sums) -> str:
    if sums.written is None:
        return "-"
    notes = f"{sums.written.call.total()} notes of calls and {sums.written.response.total()} of replies"
    bus = f"; {sums.lost_on_the_bus} of {len(sums.sure)} lost before the daemon" if sums.lost_on_the_bus else ""
    return f"{len(sums.lost)}; {sums.written.files} files with {notes}{bus}"


def _again(sums: Sums) -> str:
    """Where JACK was late."""
    again = [(sums.asked_again, "asked again"), (sums.lifted_again, "keys lifted again")]
    return "".join(f", {count} times {what} (late periods)" for count, what in again if count)


def _times(sums: Sums) -> str:
    if not sums.back:
        return "none was due"
    noticed = [one.noticed_s for one in sums.back]
    back = [one.back_s for one in sums.back]
    noticed_in, back_in = sum(one <= 1.0 for one in noticed), sum(one <= 2.0 for one in back)
    return (
        f"noticed after {median(noticed):.2f} s (most {max(noticed):.2f}, {noticed_in} within 1 s), "
        f"open after {median(back):.2f} s (most {max(back):.2f}, {back_in} within 2 s)"
    )


def _points(health: list[Health]) -> list[tuple[str, Health]]:
    """After the first fault, a fifth of the time, half of it, and at the end."""
    if not health:
        return []
    last = len(health) - 1
    return [
        ("memory after the first fault", health[0]),
        ("after a fifth", health[last // 5]),
        ("half-way", health[last // 2]),
        ("at the end", health[last]),
    ]


def _growth(health: list[Health]) -> list[str]:
    """From a fifth of the time on."""
    if not health:
        return ["no fault was undone"]
    before, after = health[(len(health) - 1) // 5], health[-1]
    grown = [
        ("own memory", after.own_mb - before.own_mb, _MB_MORE),
        ("memory of its children", after.family_mb - before.family_mb, _MB_MORE),
        ("threads", after.threads - before.threads, _MORE),
        ("files", after.files - before.files, _MORE),
    ]
    return [f"{what} grew by {by:.1f}" for what, by, most in grown if by > most]
