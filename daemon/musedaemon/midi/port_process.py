"""A process that owns a port of ours: it is started, told what to do, heard, and ended here.

A port that others are connected to is that process's: no MIDI system lets another process take it over.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from queue import Empty, Queue

from musedaemon.errors import PortAbsentError
from musedaemon.midi.message_pipe import MessagePipe
from musedaemon.midi.port_words import REFUSED, SERVING
from musedaemon.midi.record_stream import WORDS, records, words_of
from musedaemon.own_process import Process

_STARTS_IN_S = 20.0
ENDS_IN_S = 4.0

OnWords = Callable[[str, Sequence[str]], None]
"""Hears the first of the words that the process tells, and the others."""
OnMessage = Callable[[float, bytes], None]
"""Hears a message that the process hands over, and its time."""
Urgently = Callable[[], AbstractContextManager[object]]
"""Gives the calling thread real-time priority, if the system grants it."""


class PortProcess:
    """One thread writes to it and closes it. A thread of its own, which is named here, hears what it tells."""

    def __init__(
        self,
        process: Process,
        thread_name: str,
        on_shed: Callable[[], None],
        on_words: OnWords,
        on_end: Callable[[], None],
        on_message: OnMessage | None = None,
        urgently: Urgently = nullcontext,
    ) -> None:
        """`process` has been told nothing yet. `on_shed` hears of each message to it that is left out.

        The thread that hears it lives inside of what `urgently` returns. On it `on_end` hears that nothing more comes.
        """
        self.refusal = ""
        """What it told last, if it refused to go on."""
        self._on_words = on_words
        self._on_end = on_end
        self._on_message = on_message
        self._urgently = urgently
        self._serves: Queue[bool] = Queue()
        self._process = process
        stdin, self._process.stdin = self._process.stdin, None
        assert stdin is not None
        descriptor = os.dup(stdin.fileno())  # which no other process inherits: it ends with this one
        stdin.close()
        self.pipe = MessagePipe(descriptor, on_shed)
        """Where messages to it go."""
        self._ear = threading.Thread(target=self._listen, name=thread_name, daemon=True)

    def start(self, words: Sequence[str]) -> None:
        """Tell it what to do, and return when it serves. PortAbsentError with its sentence where it refuses."""
        self._ear.start()
        with suppress(OSError):  # it has ended: its silence tells
            self.pipe.tell(*words)
        try:
            serves = self._serves.get(timeout=_STARTS_IN_S)
        except Empty:
            serves = False
        if not serves:
            self.close()
            raise PortAbsentError(self.refusal or "The MIDI system does not answer; start it and try again.")

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is heard of it."""
        return not self._ear.is_alive()

    def wait_for_refusal(self) -> str:
        """It seems to be gone: what it told last, which may still be on its way."""
        self._ear.join(ENDS_IN_S)
        return self.refusal

    def give_up(self) -> None:
        """It hangs: what it was told is lost, and to close it takes no time any more."""
        self._process.kill()

    def close(self) -> None:
        """Let it do what it was told, and end. Waits some seconds for a system that hangs."""
        with suppress(OSError):  # it is gone: there is nothing to tell
            self.pipe.close(ENDS_IN_S)
        try:
            self._process.wait(ENDS_IN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ear.join(ENDS_IN_S)

    def _listen(self) -> None:
        """On a thread of its own, to the end of what the process tells."""
        stdout = self._process.stdout
        assert stdout is not None
        try:
            with stdout, self._urgently():
                for at, data in records(stdout.fileno()):
                    if at == WORDS:
                        self._take_words(*words_of(data))
                    elif self._on_message:
                        self._on_message(at, data)
        finally:
            self._on_end()
            self._serves.put(False)

    def _take_words(self, word: str, *others: str) -> None:
        if word == SERVING:
            self._serves.put(True)
        elif word == REFUSED:
            self.refusal = " ".join(others)
        else:
            self._on_words(word, others)
