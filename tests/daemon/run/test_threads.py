from __future__ import annotations

import threading
from queue import Queue

from musedaemon.run.clock import Stopwatch
from musedaemon.run.threads import next_item


def test_the_shortest_waits_all_end() -> None:
    """In Python 3.11 SimpleQueue.get waits for ever on some timeouts of microseconds."""
    clock = Stopwatch()
    inbox: Queue[int] = Queue()
    waits = [1e-6 * (1 + step % 5) for step in range(4000)]

    def wait_all() -> None:
        for wait in waits:
            assert next_item(inbox, clock.now() + wait, clock) is None
            inbox.put(1)
            assert next_item(inbox, float("inf"), clock) == 1

    thread = threading.Thread(target=wait_all, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def test_an_item_comes_before_its_deadline_and_a_deadline_past_takes_what_is_there() -> None:
    clock = Stopwatch()
    inbox: Queue[int] = Queue()
    inbox.put(1)
    assert next_item(inbox, float("inf"), clock) == 1
    inbox.put(2)
    assert next_item(inbox, clock.now() - 1.0, clock) == 2
    assert next_item(inbox, clock.now() - 1.0, clock) is None
