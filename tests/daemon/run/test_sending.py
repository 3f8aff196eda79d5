from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.jack_bench import wait_until

from musedaemon.midi.record_stream import AT_ONCE, as_record
from musedaemon.run.sending import Sounding, serve

ON, OFF, PEDAL = b"\x90\x3c\x50", b"\x80\x3c\x40", b"\xb2\x40\x7f"


def test_what_sounds_is_released_pedals_first() -> None:
    sounding = Sounding()
    for data in (ON, b"\x91\x40\x50", OFF, PEDAL, b"\xb1\x40\x7f", b"\xb1\x40\x00", b"\xe0\x00\x40"):
        sounding.follow(data)
    assert sounding.releases() == [b"\xb2\x40\x00", b"\x81\x40\x40"]
    assert Sounding().releases() == []


def test_every_pedal_that_holds_notes_is_released() -> None:
    sounding = Sounding()
    for control in (0x01, 0x40, 0x42, 0x45):
        sounding.follow(bytes((0xB0, control, 0x7F)))
    sounding.follow(b"\xb0\x40\x00")
    assert sounding.releases() == [b"\xb0\x42\x00", b"\xb0\x45\x00"]


def test_what_sounds_at_the_end_is_released_at_once_also_after_the_frames_have_begun_anew() -> None:
    before_the_last, after = 2.0**32 - 64, 128.0
    heard_at, written_at = os.pipe()
    os.write(written_at, as_record(before_the_last, ON) + as_record(after, b"\x91\x40\x50"))
    os.close(written_at)
    sent: list[tuple[bytes, float]] = []
    serve(lambda data, at: sent.append((data, at)), heard_at)
    os.close(heard_at)
    assert sent[2:] == [(OFF, AT_ONCE), (b"\x81\x40\x40", AT_ONCE)]


@pytest.mark.skipif(sys.platform != "linux", reason="reads what a process ignores from /proc")
@pytest.mark.parametrize("module", ["musedaemon.run.guardian", "musedaemon.takes.keeper"])
def test_what_the_daemon_is_sent_as_a_whole_ends_none_of_its_processes(module: str) -> None:
    """`systemctl --user kill -s USR2 musedaemon`, "keep that", killed the one that sends: notes hung, the port went."""
    sent = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
    with subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: ignored(process.pid) >= set(sent), 30, lambda: f"it ignores {ignored(process.pid)}")
        for number in sent:
            process.send_signal(number)
        process.communicate()
    assert process.returncode == 0


def ignored(process: int) -> set[int]:
    """The signals that a process ignores."""
    status = Path(f"/proc/{process}/status").read_text()
    mask = int(next(line for line in status.splitlines() if line.startswith("SigIgn:")).split()[1], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}
