from __future__ import annotations

import io
import json
import logging
import threading

import pytest

from musedaemon.cli.json_report import JsonReport
from musedaemon.cli.log_lines import log_told_by
from musedaemon.midi.tally import Tally


def test_what_was_left_out_is_an_object_in_the_json_log(capsys: pytest.CaptureFixture[str]) -> None:
    """It was a line of plain text among them: Python's log prints by itself what nobody takes."""
    err = io.StringIO()
    with log_told_by(JsonReport("normal", err).warning):
        Tally("messages were left out", lambda: 0.0).count(17)
        try:
            raise ZeroDivisionError("a bug")
        except ZeroDivisionError:
            logging.getLogger("musedaemon.run.connections").exception("a look at the ports has failed")
    told = [json.loads(line) for line in err.getvalue().splitlines()]
    assert [(line["level"], line["event"]) for line in told] == [("warning", "warning")] * 2
    assert told[0]["text"] == "17 messages were left out"
    assert told[1]["text"].startswith("a look at the ports has failed\nTraceback")
    assert told[1]["text"].endswith("ZeroDivisionError: a bug")
    assert capsys.readouterr().err == ""


def test_what_a_thread_dies_of_is_told_with_its_name() -> None:
    def life() -> None:
        raise ZeroDivisionError("a bug")

    told: list[str] = []
    with log_told_by(told.append):
        thread = threading.Thread(target=life, name="musedaemon takes")
        thread.start()
        thread.join()
    (text,) = told
    assert text.startswith("the thread musedaemon takes has died; please report it\nTraceback")
    assert text.endswith("ZeroDivisionError: a bug")


def test_afterwards_all_is_as_it_was() -> None:
    before = list(logging.getLogger("musedaemon").handlers), threading.excepthook
    with log_told_by(lambda text: None):
        pass
    assert (logging.getLogger("musedaemon").handlers, threading.excepthook) == before
