"""How long a server may take, and how often it is asked again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long a server may take, in seconds, and how often it is asked again.

    Attributes:
        connect: Until it is reached; also for looking up its name.
        read: Between two pieces of an answer.
        attempts: In a row that bring nothing.
        first_wait: Before the second attempt; it doubles from then on.
        longest_wait: Between two attempts.
        slowest: Bytes per second that are worth waiting for, over ``read`` seconds; an attempt that brings less than
            one such second of them brought nothing.
    """

    connect: float = 4.0
    read: float = 30.0
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 30.0
    slowest: float = 1000.0


PATIENCE = Patience()
