"""How long a server may take, and how often it is asked again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long a server may take, in seconds, and how often it is asked again.

    Attributes:
        connect: Until its name is looked up; as much again until it is reached, over all of its addresses; and as much
            again until the connection is encrypted.
        read: Between two bytes of an answer.
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

    @property
    def longest_read(self) -> float:
        """Seconds until all headers of an answer are there, and then between two pieces of its body."""
        # A little more than for silence, which is told apart.
        return self.read + self.connect


PATIENCE = Patience()
