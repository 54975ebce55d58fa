"""One secret -> the same pseudonym, UID and shift of dates for the same original, in every file and every run.

All are HMAC-SHA256 (RFC 2104) under a random key of 32 bytes. Without the key nobody can try all patient numbers of a
hospital one by one, which plain hashes allow; whoever has the key can.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from wetread.errors import InputError
from wetread.writing import atomic_write

SECRET_BYTES = 32
#: Days by which the dates of a patient move into the past: from one year to ten.
SHIFT_DAYS = (366, 3652)


@dataclass(frozen=True)
class Pseudonyms:
    """What stands for originals.

    Attributes:
        secret: 32 random bytes; never written into an output.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> Pseudonyms:
        """With a new random secret."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    def patient(self, key: str) -> str:
        """``P`` and eight hexadecimal digits for a patient, by whatever names the patient in the original."""
        return f"P{self._digest('patient', plain_key(key))[:4].hex().upper()}"

    def days(self, key: str) -> int:
        """By how many days the dates of a patient move; negative, since a date in the future looks like an error."""
        low, high = SHIFT_DAYS
        return -(low + int.from_bytes(self._digest("days", plain_key(key))[:8], "big") % (high - low + 1))

    def uid(self, uid: str) -> str:
        """Another UID, derived from a UUID as PS3.5 section B.2 says."""
        digest = self._digest("uid", uid.strip(" \0"))
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"

    def name(self, kind: str, text: str, digits: int = 12) -> str:
        """Hexadecimal digits for any other text: a file, a hospital, a reader."""
        return self._digest(kind, text).hex()[:digits].upper()

    def _digest(self, kind: str, text: str) -> bytes:
        message = f"wetread {kind}\x1f{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self.secret, message, hashlib.sha256).digest()


def plain_key(text: str) -> str:
    """An identifier without what differs between a header and a table: padding and runs of spaces."""
    return " ".join(text.replace("\0", " ").split())


def open_secret(path: Path | None) -> Pseudonyms:
    """Reads the secret from a file, makes that file, or makes a secret that is thrown away.

    Args:
        path: A file of 64 hexadecimal digits; made where there is none. None: nothing is kept.

    Raises:
        InputError: The file holds something else.
        OutputError: It cannot be written.
    """
    if path is None:
        return Pseudonyms.fresh()
    if not path.exists():
        made = Pseudonyms.fresh()
        atomic_write(path, made.secret.hex() + "\n")
        path.chmod(0o600)  # whoever reads it can undo the pseudonyms by trying
        return made
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise InputError(
            f"{path.name} holds no secret.",
            remedy="Give the file that an earlier call made, or the name of a new one.",
            file=path,
            code="bad-secret",
        )
    return Pseudonyms(secret)
