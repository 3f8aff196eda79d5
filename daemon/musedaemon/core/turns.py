"""Whose turn it is, as a table: every transition there is, and nothing else."""

from __future__ import annotations

from enum import Enum, auto


class Turn(Enum):
    """Where the conversation stands."""

    WAITING = auto()
    """Nothing was played since the last reply."""
    LISTENING = auto()
    """The musician plays: the call is being heard."""
    REPLYING = auto()
    """We play."""
    TOGETHER = auto()
    """Both play at the same time."""
    WITHDRAWING = auto()
    """The musician went on during our reply, or took the turn back: it is being withdrawn."""


class Move(Enum):
    """What changes it."""

    NOTE_HEARD = auto()
    HAND_OVER = auto()
    INTERRUPT = auto()
    WITHDRAWN = auto()
    """The reply is taken back; the call it answered is over."""
    UNHEARD = auto()
    """The reply is taken back before a note of it left: the call goes on."""
    REPLY_OVER = auto()
    JOIN = auto()
    """In a duet: the musician plays after a rest."""
    REST = auto()
    """Where nothing is answered: nobody plays any more."""


TRANSITIONS: dict[tuple[Turn, Move], Turn] = {
    (Turn.WAITING, Move.NOTE_HEARD): Turn.LISTENING,
    (Turn.LISTENING, Move.NOTE_HEARD): Turn.LISTENING,
    (Turn.LISTENING, Move.HAND_OVER): Turn.REPLYING,
    (Turn.WAITING, Move.HAND_OVER): Turn.REPLYING,
    (Turn.REPLYING, Move.NOTE_HEARD): Turn.REPLYING,
    (Turn.REPLYING, Move.INTERRUPT): Turn.WITHDRAWING,
    (Turn.REPLYING, Move.REPLY_OVER): Turn.WAITING,
    (Turn.WITHDRAWING, Move.WITHDRAWN): Turn.WAITING,
    (Turn.WITHDRAWING, Move.UNHEARD): Turn.LISTENING,
    (Turn.WAITING, Move.JOIN): Turn.TOGETHER,
    (Turn.TOGETHER, Move.JOIN): Turn.TOGETHER,
    (Turn.TOGETHER, Move.REST): Turn.WAITING,
    (Turn.LISTENING, Move.REST): Turn.WAITING,
}
