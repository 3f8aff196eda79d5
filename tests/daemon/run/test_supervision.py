from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from musedaemon.run.supervision import Supervisor, Watch
from musedaemon.run.threads import Ping

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="supervisors speak over Unix sockets")


@contextmanager
def supervisor_at(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(address)
        ear.setblocking(False)
        yield ear


def heard(ear: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(ear.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_where_nobody_supervises_nothing_is_told() -> None:
    supervisor = Supervisor({"WATCHDOG_USEC": "1000000"})
    supervisor.tell("READY=1")
    assert not supervisor
    assert supervisor.watchdog_s is None


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_a_supervisor_hears_on_a_socket_of_either_kind(tmp_path: Path, kind: str) -> None:
    if kind == "abstract" and sys.platform != "linux":
        pytest.skip("abstract names are Linux's")
    name = str(tmp_path / "notify") if kind == "path" else f"@musedaemon-test-{os.getpid()}"
    with supervisor_at(name.replace("@", "\0")) as ear:
        supervisor = Supervisor({"NOTIFY_SOCKET": name})
        supervisor.tell("READY=1", "STATUS=plays")
        supervisor.reloading()
        told = heard(ear)
    assert told[0] == "READY=1\nSTATUS=plays"
    assert told[1].startswith("RELOADING=1\nMONOTONIC_USEC=")


def test_a_supervisor_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).tell("READY=1")


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_how_often_it_wants_to_hear(environment: dict[str, str], watchdog_s: float | None) -> None:
    assert Supervisor({"NOTIFY_SOCKET": "/nowhere", **environment}).watchdog_s == watchdog_s


def test_only_threads_that_answer_are_told_to_be_alive(tmp_path: Path) -> None:
    pings: list[Ping] = []

    def ping() -> Ping:
        pings.append(Ping())
        return pings[-1]

    name = str(tmp_path / "notify")
    with supervisor_at(name) as ear:
        watch = Watch(Supervisor({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000"}), ping)
        now = 5.0
        for answers in (False, False, True, True, True, False, False, True):
            watch.advance(now)
            now = watch.next_deadline()
            if answers:
                pings[-1].answered.set()
        watch.advance(now)
        watch.end()
        told = heard(ear)
    assert told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    assert len(pings) == 5


def test_where_it_does_not_watch_it_is_told_once_that_all_is_up(tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    with supervisor_at(name) as ear:
        ping = Ping()
        ping.answered.set()
        watch = Watch(Supervisor({"NOTIFY_SOCKET": name}), lambda: ping)
        watch.advance(0.0)
        watch.advance(watch.next_deadline())
        assert heard(ear) == ["READY=1"]
    assert watch.next_deadline() == float("inf")
