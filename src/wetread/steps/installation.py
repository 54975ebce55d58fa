"""What works here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wetread.examination import Remark


def doctor(*, clear_cache: bool = False) -> list[Remark]:
    """Examines this installation: versions, device, decoders (each is tried), cache, disk.

    Args:
        clear_cache: Empty the cache of decoded pictures first.
    """
    from wetread import examination

    if clear_cache:
        examination.clear_cache()
    return examination.examine()
