"""The public data sets by name."""

from __future__ import annotations

from wetread.download.remote_file import RemoteFile
from wetread.public_sets.medmnist import MEDMNIST
from wetread.public_sets.nih import NIH
from wetread.public_sets.public_set import PublicSet
from wetread.public_sets.teaching import FASHION_MNIST, TEACHING

__all__ = ["PUBLIC_SETS", "PublicSet", "RemoteFile"]

#: name -> the set; small ones that were made for lessons come first.
PUBLIC_SETS: dict[str, PublicSet] = {one.name: one for one in (*TEACHING, *MEDMNIST, NIH, FASHION_MNIST)}
