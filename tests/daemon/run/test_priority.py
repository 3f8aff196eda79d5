from __future__ import annotations

import os
import sys
import threading

import pytest

from musedaemon.run.priority import (
    NOT_ASKED,
    Grant,
    jack_thread_precedence,
    precedence,
    precedence_here,
    system_precedence,
)
from musedaemon.run.priority_macos import MacPrecedence
from musedaemon.run.priority_windows import WindowsPrecedence


def test_whoever_only_wants_to_know_keeps_the_thread_it_has() -> None:
    grant = precedence_here()
    assert grant.told.endswith(".")
    if sys.platform == "linux":
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert ("SCHED_FIFO" in grant.told) == grant.granted


def test_off_asks_for_nothing() -> None:
    assert system_precedence("off") is NOT_ASKED
    assert precedence_here("off") == Grant(False, 'Real-time priority is not asked for (realtime = "off").')


@pytest.mark.skipif(sys.platform != "linux", reason="sched(7) is of Linux")
def test_on_linux_only_the_thread_that_asks_gets_it() -> None:
    if not precedence_here().granted:
        pytest.skip("this machine grants no real-time priority")
    policies: list[int] = []

    def ask() -> None:
        with precedence(system_precedence("auto")):
            policies.append(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert policies == [os.SCHED_FIFO]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.skipif(sys.platform != "linux", reason="sched(7) is of Linux")
def test_on_linux_a_thread_that_has_it_already_keeps_what_it_has() -> None:
    if not precedence_here().granted:
        pytest.skip("this machine grants no real-time priority")
    levels: list[int] = []

    def ask() -> None:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(3))
        assert jack_thread_precedence("auto").ask().granted
        levels.append(os.sched_getparam(0).sched_priority)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert levels == [3]


@pytest.mark.skipif(sys.platform != "linux", reason="asks a limit of Linux")
def test_on_linux_a_refusal_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, policy: int, param: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    grant = precedence_here()
    assert not grant.granted
    assert "Operation not permitted" in grant.told
    assert "limits.d" in grant.told
    assert "LimitRTPRIO" in grant.told


@pytest.mark.skipif(sys.platform != "linux", reason="asks what only Linux has")
def test_on_a_linux_whose_c_library_knows_no_priorities_of_threads_that_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(pid: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "sched_getscheduler", refuse)
    grant = precedence_here()
    assert not grant.granted
    assert "Function not implemented" in grant.told


@pytest.mark.skipif(sys.platform != "linux", reason="the two are real on their own systems")
@pytest.mark.parametrize("way", [MacPrecedence(), WindowsPrecedence()])
def test_a_system_without_the_calls_refuses_and_never_raises(way: MacPrecedence | WindowsPrecedence) -> None:
    with precedence(way) as grant:
        assert not grant.granted
        assert grant.told.endswith(".")
