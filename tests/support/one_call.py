"""A musician in a process of its own: plays a phrase to the daemon, hears some messages of its reply, and leaves.

    python -m support.one_call SERVER MESSAGES

In a process of its own, because libjack keeps to one server, and one life of it.
"""

from __future__ import annotations

import sys

from support.jack_bench import JackBench, wait_until
from support.jack_server import JackServer, answers
from support.live_daemon import IN, OUT, PHRASE

_PATIENCE = 60.0


def main(server: str, messages: int) -> None:
    """Play and listen; AssertionError when nobody answers."""
    wait_until(lambda: answers(server), _PATIENCE, lambda: f"no JACK server {server}")
    with JackBench(JackServer(server)) as bench:
        bench.wait_for_port(OUT, _PATIENCE)
        bench.wait_for_port(IN, _PATIENCE)
        bench.listen_to(OUT)
        bench.play(PHRASE, into=IN)
        bench.wait_for(messages, _PATIENCE)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
