"""Real-time priority on Windows: a time-critical thread in the multimedia class, and a timer of 1 ms instead of 15.6.

SetThreadPriority, AvSetMmThreadCharacteristics and timeBeginPeriod, as the Windows API documents them.
"""

from __future__ import annotations

import ctypes

from musedaemon.run.priority import Grant

_TIME_CRITICAL = 15
_TIMER_MS = 1
_NO_ERROR = 0


class WindowsPrecedence:
    """The timer is the process's until `give_back`; the rest is the thread's."""

    def __init__(self) -> None:
        self._class_handle: int | None = None

    def ask(self) -> Grant:
        """Needs no privilege; the multimedia class may be switched off, and is then done without."""
        library = getattr(ctypes, "WinDLL", None)
        if library is None:
            return Grant(False, "The system grants no real-time priority: this is no Windows.")
        kernel, timer = library("kernel32"), library("winmm")
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        critical = kernel.SetThreadPriority(ctypes.c_void_p(kernel.GetCurrentThread()), _TIME_CRITICAL)
        fine = timer.timeBeginPeriod(_TIMER_MS) == _NO_ERROR
        self._class_handle = _join_multimedia_class(library)
        if not critical or not fine:
            return Grant(False, "The system grants no real-time priority or no 1 ms timer; close other programs.")
        return Grant(True, "The notes have real-time priority (time-critical thread, 1 ms timer).")

    def give_back(self) -> None:
        """The timer back to what it was, and the thread out of its class."""
        library = getattr(ctypes, "WinDLL", None)
        if library is None:
            return
        library("winmm").timeEndPeriod(_TIMER_MS)
        if self._class_handle:
            library("avrt").AvRevertMmThreadCharacteristics(ctypes.c_void_p(self._class_handle))


def _join_multimedia_class(library: type[ctypes.CDLL]) -> int | None:
    """The handle of the class "Pro Audio", None where there is none."""
    try:
        scheduler = library("avrt")
    except OSError:
        return None
    scheduler.AvSetMmThreadCharacteristicsW.restype = ctypes.c_void_p
    index = ctypes.c_ulong(0)
    handle: int | None = scheduler.AvSetMmThreadCharacteristicsW(ctypes.c_wchar_p("Pro Audio"), ctypes.byref(index))
    return handle
