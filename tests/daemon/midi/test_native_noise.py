from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path

import pytest

from musedaemon.midi.native_noise import quiet_native_stderr


def test_native_lines_go_to_the_log_and_not_to_the_terminal(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with quiet_native_stderr() as lines:
        os.write(2, b"ALSA lib: no such device\n\nJACK: \xff\n")
    os.write(2, b"heard again\n")
    assert lines == ["ALSA lib: no such device", "JACK: \ufffd"]
    assert capfd.readouterr().err == "heard again\n"
    assert caplog.messages == ["native: ALSA lib: no such device", "native: JACK: \ufffd"]


def test_standard_error_comes_back_after_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), quiet_native_stderr() as lines:
        _fail_aloud()
    os.write(2, b"back\n")
    assert (lines, capfd.readouterr().err) == (["last words"], "back\n")


def _fail_aloud() -> None:
    os.write(2, b"last words\n")
    raise ZeroDivisionError


def test_without_a_standard_error_there_is_nothing_to_keep() -> None:
    saved = os.dup(2)
    os.close(2)
    try:
        with quiet_native_stderr() as lines:
            pass
    finally:
        os.dup2(saved, 2)
        os.close(saved)
    assert lines == []


@pytest.mark.skipif(sys.platform != "linux", reason="counts the descriptors of /proc")
def test_without_a_folder_for_temporary_files_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with quiet_native_stderr() as lines:
        pass
    assert (lines, len(list(Path("/proc/self/fd").iterdir()))) == ([], before)
