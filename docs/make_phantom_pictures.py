"""Makes the pictures of docs/phantoms.md and docs/data.md: sheets of `wetread show` on each set of phantoms.

python docs/make_phantom_pictures.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

import wetread

#: File, set of phantoms, images, further options of `show`.
SHEETS = (
    ("phantoms-chest", "chest", 120, {}),
    ("phantoms-chest-abdomen", "chest-abdomen", 40, {}),
    ("phantoms-head-ct", "head-ct", 160, {}),
    ("head-ct-painted", "head-ct", 160, {"window": "60/300", "colour": "red 50..95", "finding": "no finding"}),
)


def main() -> None:
    """Renders, looks, and keeps 256 colours of each sheet."""
    place = Path(__file__).parent / "images"
    with tempfile.TemporaryDirectory(prefix="wetread-") as made:
        for file, name, images, options in SHEETS:
            data = Path(made) / name
            if not data.exists():
                wetread.make_data(name, data, images=images)
            sheet = wetread.show(data, out=place / f"{file}.png", png=True, **options)
            with Image.open(sheet) as picture:
                small = picture.convert("RGB").resize((picture.width * 3 // 4, picture.height * 3 // 4))
            small.quantize(256, dither=Image.Dither.NONE).save(sheet, optimize=True)


if __name__ == "__main__":
    main()
