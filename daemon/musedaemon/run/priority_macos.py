"""Real-time priority on macOS: the Mach thread policy THREAD_TIME_CONSTRAINT_POLICY (mach/thread_policy.h)."""

from __future__ import annotations

import ctypes

from musedaemon.run.priority import Grant

_TIME_CONSTRAINT_POLICY = 2
_COUNT = 4
_PERIOD_S = 0.0
"""No period: a note comes when it comes."""
_COMPUTATION_S = 0.0005
_CONSTRAINT_S = 0.002
"""At most so much work, to be done so soon after waking."""


class _Timebase(ctypes.Structure):
    _fields_ = [("numer", ctypes.c_uint32), ("denom", ctypes.c_uint32)]


class _TimeConstraint(ctypes.Structure):
    _fields_ = [
        ("period", ctypes.c_uint32),
        ("computation", ctypes.c_uint32),
        ("constraint", ctypes.c_uint32),
        ("preemptible", ctypes.c_int),
    ]


class MacPrecedence:
    """Asks Mach to run the thread within 2 ms of its waking. Needs no privilege."""

    def ask(self) -> Grant:
        """Granted unless the kernel refuses the policy."""
        try:
            refused = _set_time_constraint(ctypes.CDLL(None))
        except (OSError, AttributeError) as error:
            return Grant(False, f"The system grants no real-time priority ({error}).")
        if refused:
            return Grant(False, f"The system grants no real-time priority (Mach error {refused}).")
        return Grant(True, "The notes have real-time priority (Mach time constraint).")

    def give_back(self) -> None:
        """It ends with the thread."""


def _set_time_constraint(libc: ctypes.CDLL) -> int:
    """0, or Mach's error number."""
    timebase = _Timebase()
    libc.mach_timebase_info(ctypes.byref(timebase))
    ticks_a_second = 1e9 * timebase.denom / timebase.numer
    policy = _TimeConstraint(*(round(span * ticks_a_second) for span in (_PERIOD_S, _COMPUTATION_S, _CONSTRAINT_S)), 1)
    libc.mach_thread_self.restype = ctypes.c_uint32
    thread = ctypes.c_uint32(libc.mach_thread_self())
    refused = libc.thread_policy_set(thread, _TIME_CONSTRAINT_POLICY, ctypes.byref(policy), _COUNT)
    libc.mach_port_deallocate(ctypes.c_uint32.in_dll(libc, "mach_task_self_"), thread)
    return int(refused)
