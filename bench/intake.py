"""Images per second from disk to a working picture, beside Pillow and pydicom called as a first script would.

    python bench/intake.py [--files 100000] [--rounds 3]

All variants take turns in one run, so that a busy machine slows all of them: read the ratios, not the numbers.
"storing" is wetread with an empty cache, "cached" with a full one; the files themselves are in the memory of the system
for everybody. Afterwards many tiny files go through one decoder, and the memory of all its processes is printed on the
way.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from imagecodecs import jpeg2k_encode, jpeg8_encode
from PIL import Image
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1
from scipy.ndimage import gaussian_filter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fake.dicoms import write_dicom

from wetread.errors import ImageRejected
from wetread.images.cache import PixelCache
from wetread.images.decoder import Decoder

SIDE = 320


def picture(size: int, top: int, seed: int) -> np.ndarray:
    """Large soft shapes and a little noise, as in a radiograph; 0..``top``."""
    random = np.random.default_rng(seed)
    coarse = gaussian_filter(random.normal(size=(size // 8, size // 8)), size / 160)
    soft = np.asarray(Image.fromarray((coarse / abs(coarse).max()).astype(np.float32)).resize((size, size)))
    values = (0.5 + 0.4 * soft + random.normal(0, 0.004, soft.shape)) * top
    return np.clip(values, 0, top).astype(np.uint8 if top < 256 else np.uint16)


def write_sets(folder: Path) -> dict[str, list[Path]]:
    sets: dict[str, list[Path]] = {name: [] for name in NAMES}
    for number in range(16):
        grey = Image.fromarray(picture(1024, 255, number))
        for name, options in (("PNG 1024", {}), ("JPEG 1024", {"quality": 90})):
            path = folder / f"{name}-{number}.{name.split()[0].lower()}"
            grey.save(path, **options)
            sets[name].append(path)
    for number in range(8):
        array = picture(2048, 4095, number)
        common = {"bits_stored": 12, "window": (2048, 4096)}
        lossless = jpeg8_encode(array, lossless=True, predictor=1, bitspersample=12)
        for name, options in (
            ("DICOM 2048", {}),
            ("DICOM 2048 JPEG lossless", {"syntax": JPEGLosslessSV1, "encoded": [lossless]}),
            ("DICOM 2048 JPEG 2000", None),
        ):
            if options is None:
                if number >= 4:
                    continue
                stream = jpeg2k_encode(array, reversible=True, codecformat="j2k", bitspersample=12)
                options = {"syntax": JPEG2000Lossless, "encoded": [stream]}
            path = folder / f"{name}-{number}.dcm"
            sets[name].append(write_dicom(path, array, **common, **options))
    return sets


NAMES = ("PNG 1024", "JPEG 1024", "DICOM 2048", "DICOM 2048 JPEG lossless", "DICOM 2048 JPEG 2000")


def naive(path: Path) -> int:
    """What a first script does: the whole picture in RGB, or the pixel array of pydicom stretched to bytes."""
    if path.suffix != ".dcm":
        return np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE))).size
    values = dcmread(path).pixel_array.astype(np.float64)
    values = (values - values.min()) / (values.max() - values.min()) * 255
    return np.asarray(Image.fromarray(values.astype(np.uint8)).convert("RGB").resize((SIDE, SIDE))).size


def rate(work: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def ours(decoder: Decoder, paths: Sequence[Path]) -> None:
    for _, image in decoder.decode_many(paths, max_side=SIDE):
        assert not isinstance(image, ImageRejected), image


def compare(sets: dict[str, list[Path]], rounds: int, cache_folder: Path) -> None:
    print(f"{'images per second':<26}{'script':>8}{'2 proc.':>9}{'wetread':>9}{'storing':>9}{'cached':>9}"
          f"   wetread / 2 proc., cached / 2 proc.")  # fmt: skip
    with ProcessPoolExecutor(2) as pool, Decoder(2) as plain:
        for name, paths in sets.items():
            rates: dict[str, list[float]] = {key: [] for key in ("script", "pool", "plain", "storing", "cached")}
            known = codec_known(paths[0])
            for number in range(rounds + 1):
                cache = PixelCache(cache_folder / f"{name}{number}")
                with Decoder(2, cache=cache) as storing:
                    ours(storing, paths[:2])  # both processes are up and have loaded what they need
                    cache.clear()
                    if known:
                        rates["script"].append(rate(lambda paths=paths: [naive(path) for path in paths], len(paths)))
                        rates["pool"].append(rate(lambda paths=paths: list(pool.map(naive, paths)), len(paths)))
                    rates["plain"].append(rate(lambda paths=paths: ours(plain, paths), len(paths)))
                    for key in ("storing", "cached"):
                        rates[key].append(rate(lambda paths=paths, one=storing: ours(one, paths), len(paths)))
            middle = {key: statistics.median(found[1:]) for key, found in rates.items() if found}
            if known:
                ratios = f"{middle['plain'] / middle['pool']:>8.2f} {middle['cached'] / middle['pool']:>8.1f}"
            else:
                ratios = "   pydicom has no decoder for it"
            cells = "".join(f"{middle.get(key, float('nan')):>{8 if key == 'script' else 9}.1f}" for key in rates)
            print(f"{name:<26}{cells}{ratios}", flush=True)


def codec_known(path: Path) -> bool:
    try:
        naive(path)
    except (RuntimeError, NotImplementedError):
        return False
    return True


def resident(pid: int | str) -> float:
    """Memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def watch_memory(folder: Path, files: int) -> None:
    originals = []
    for number in range(16):
        buffer = io.BytesIO()
        Image.fromarray(picture(64, 255, number)).save(buffer, "PNG")
        path = folder / f"original-{number}.png"
        path.write_bytes(buffer.getvalue())
        originals.append(path)
    for number in range(files):
        place = folder / f"{number // 1000}"
        place.mkdir(exist_ok=True)
        (place / f"{number}.png").hardlink_to(originals[number % 16])
    paths = (folder / f"{number // 1000}" / f"{number}.png" for number in range(files))
    print(f"\n{files} files of 64 x 64: MiB of this process, of each child, images per second")
    started = time.perf_counter()
    with Decoder(2, cache=PixelCache(folder / "cache")) as decoder:
        for done, (_, image) in enumerate(decoder.decode_many(paths, max_side=SIDE), start=1):
            assert not isinstance(image, ImageRejected), image
            if done in (1000, files) or done % max(1, files // 10) == 0:
                children = [resident(child._process.pid) for child in decoder._crew._alive]
                cells = "".join(f"{one:>8.1f}" for one in (resident("self"), *children))
                print(f"{done:>8}{cells}{done / (time.perf_counter() - started):>9.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if options.rounds:
            compare(write_sets(Path(place)), options.rounds, Path(place))
        if options.files and sys.platform == "linux":
            watch_memory(Path(place), options.files)


if __name__ == "__main__":
    main()
