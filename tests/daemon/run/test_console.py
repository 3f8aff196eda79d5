from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty")  # Windows has none

LISTEN = """
import sys, time
from musedaemon.run.console import Word, listen_at_terminal
words = [
    Word(("p", "panic"), "is silent", lambda _: print("panic", flush=True)),
    Word(("mode",), "changes", lambda name: print("mode", name, flush=True), "NAME"),
]
listen_at_terminal(words, lambda: print("empty", flush=True), lambda line: print(line, file=sys.stderr, flush=True))
print("listening", flush=True)
time.sleep(1.5)
"""
WRONG = "No such word; ? tells what there is.\n"


def typed(*words: bytes) -> tuple[str, str]:
    """What is said on standard output and error when these are typed at a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", LISTEN]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        for word in words:
            os.write(ours, word)
            time.sleep(0.05)
        out, err = listener.communicate(timeout=20)
    os.close(ours)
    os.close(theirs)
    assert listener.returncode == 0
    return out, err


def test_a_word_does_what_it_stands_for_and_another_is_told() -> None:
    assert typed(b"p\n", b"\n", b"pa", b"nick\n", b" Panic \n") == ("panic\nempty\npanic\n", WRONG)


def test_a_word_hears_what_follows_it_if_it_takes_anything() -> None:
    assert typed(b"MODE  Duet\n", b"mode\n", b"p now\n") == ("mode duet\nmode \n", WRONG)


@pytest.mark.parametrize("word", [b"?\n", b"help\n"])
def test_a_question_is_answered_with_a_line_a_word(word: bytes) -> None:
    assert typed(word) == (
        "",
        "  p, panic   is silent\n  mode NAME  changes\n  ?, help    tells what can be typed\n",
    )


def test_without_a_terminal_nothing_is_read() -> None:
    run = subprocess.run([sys.executable, "-c", LISTEN], input="p\n?\n", capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("listening\n", "")


def test_where_the_terminal_shows_a_ctrl_c_the_next_line_begins_anew() -> None:
    ours, theirs = pty.openpty()
    leave = "from musedaemon.run.console import leave_echoed_line; leave_echoed_line(); print('over', flush=True)"
    subprocess.run([sys.executable, "-c", leave], stdin=theirs, stdout=theirs, check=True)
    shown = os.read(ours, 100)
    piped = subprocess.run([sys.executable, "-c", leave], stdin=theirs, capture_output=True, text=True, check=True)
    os.close(ours)
    os.close(theirs)
    assert shown == b"\r\nover\r\n"
    assert (piped.stdout, piped.stderr) == ("over\n", "")
