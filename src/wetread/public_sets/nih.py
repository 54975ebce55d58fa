"""NIH ChestX-ray14: twelve archives, three tables, and what makes one labels table of them.

Sizes as the server announces them; MD5 sums of the archives: the publisher's ``FAQ_CHESTXRAY.pdf``, question 7. Nobody
publishes sums of the tables; the ones here were computed by others from the publisher's files (byte counts agree).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError
from wetread.public_sets.public_set import PublicSet
from wetread.writing import atomic_write

_STATIC = "https://nihcc.box.com/shared/static/"
_SHARED = "https://nihcc.app.box.com/index.php?rm=box_download_shared_file&vanity_name=ChestXray-NIHCC&file_id=f_"

_NAME = "nih-chestxray14"
ENTRIES = "Data_Entry_2017_v2020.csv"
TEST_LIST = "test_list.txt"
#: The table that is written, and its columns.
LABELS = "labels.csv"
COLUMNS = ("image", "label", "patient", "split", "age", "sex", "view")

#: Place at the publisher, bytes, MD5; images_001.tar.gz comes first.
_ARCHIVES = (
    ("vfk49d74nhbxq3nqjg0900w5nvkorp5c", 2_008_470_987, "fe8ed0a6961412fddcbb3603c11b3698"),
    ("i28rlmbvmfjbl8p2n3ril0pptcmcu9d1", 3_952_623_504, "ab07a2d7cbe6f65ddd97b4ed7bde10bf"),
    ("f1t00wrtdk94satdfb9olcolqx20z2jp", 3_929_234_850, "2301d03bde4c246388bad3876965d574"),
    ("0aowwzs5lhjrceb3qp67ahp0rd1l1etg", 3_838_903_983, "9f1b7f5aae01b13f4bc8e2c44a4b8ef6"),
    ("v5e3goj22zr6h8tzualxfsqlqaygfbsn", 3_935_496_531, "1861f3cd0ef7734df8104f2b0309023b"),
    ("asi7ikud9jwnkrnkj99jnpfkjdes7l6l", 3_986_301_172, "456b53a8b351afd92a35bc41444c58c8"),
    ("jn1b4mw4n6lnh74ovmcjb8y48h8xj07n", 4_016_328_426, "1075121ea20a137b87f290d6a4a5965e"),
    ("tvpxmn7qyrgl0w8wfh9kqfjskv6nmm1j", 4_018_347_353, "b61f34cec3aa69f295fbb593cbd9d443"),
    ("upyy3ml7qdumlgk2rfcvlb9k6gvqq2pj", 4_111_327_929, "442a3caa61ae9b64e61c561294d1e183"),
    ("l6nilvfa9cg3s28tqv1qc1olm3gnz54p", 4_181_556_296, "09ec81c4c31e32858ad8cf965c494b74"),
    ("hhq8fkdgvcari67vfhs7ppg2w6ni4jze", 4_187_084_020, "499aefc67207a5a97692424cf5dbeed5"),
    ("ioqwiy20ihqwyr8pf4c24eazhh281pbu", 2_914_187_733, "dc9fda1757c2de0032b63347a7d2895c"),
)

_TABLES = (
    RemoteFile(
        _SHARED + "219760887468",
        ENTRIES,
        bytes=9_003_496,
        sha256="c69a6daca3549af707ca9cacbdf9f9a7b6a9188e8c61157df653520bb72d8eb1",
    ),
    RemoteFile(
        _SHARED + "256056636701",
        "train_val_list.txt",
        bytes=1_470_907,
        sha256="61fbe896321c1c1c8b75f3e4f3a08e4fef6486d95ef8a667c31d4d60dca6cb81",
    ),
    RemoteFile(
        _SHARED + "256055473534",
        TEST_LIST,
        bytes=435_131,
        sha256="38ca5ef7f756092946f57c1a59faca882ed589a1ab1f72590b45dc06c6d5e1cc",
    ),
)

_FILES = _TABLES + tuple(
    RemoteFile(
        f"{_STATIC}{place}.gz",
        f"images_{number:03d}.tar.gz",
        bytes=size,
        md5=md5,
        unpack_to=f"data/images_{number:03d}",
    )
    for number, (place, size, md5) in enumerate(_ARCHIVES, start=1)
)


def write_labels(folder: Path) -> Path:
    """Writes one table for the images that are there, so that a part of the archives is a data set as well.

    Args:
        folder: Of the set, with the publisher's tables, and the unpacked archives below ``data``.

    Returns:
        ``folder/data/labels.csv``: the image relative to it, the findings separated by ``|``, the patient, the
        publisher's split, age in years, sex, view position.

    Raises:
        InputError: A table of the publisher cannot be read.
        OutputError: The table cannot be written.
    """
    try:
        tested = set((folder / TEST_LIST).read_text(encoding="utf-8").split())
        entries = list(csv.DictReader(io.StringIO((folder / ENTRIES).read_text(encoding="utf-8-sig"))))
        found = {path.name: path for path in sorted((folder / "data").glob("*/*.png"))}
        rows = [_row(entry, found[entry["Image Index"]], tested) for entry in entries if entry["Image Index"] in found]
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise InputError(
            f"A table of {_NAME} in {folder} cannot be read.",
            remedy="Remove its .csv and .txt files and repeat the command.",
            file=folder,
            code="bad-table",
        ) from error
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return atomic_write(folder / "data" / LABELS, buffer.getvalue())


def _row(entry: dict[str, str], path: Path, tested: set[str]) -> tuple[str, ...]:
    return (
        f"{path.parent.name}/{path.name}",
        entry["Finding Labels"],
        entry["Patient ID"],
        "test" if path.name in tested else "train",
        entry["Patient Age"],
        entry["Patient Sex"],
        entry["View Position"],
    )


NIH = PublicSet(
    name=_NAME,
    title="NIH ChestX-ray14: frontal chest radiographs with 14 findings",
    task="Several findings per image; two of them at a time with --classes.",
    classes=(
        "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
        "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax", "No Finding",
    ),
    images=112_120,
    patients=30_805,
    bytes=sum(file.bytes or 0 for file in _FILES),
    licence="NIH Clinical Center: free to use, also commercially, with a link to "
    "https://nihcc.app.box.com/v/ChestXray-NIHCC, an acknowledgement of the NIH Clinical Center, and the citation.",
    citation="Wang X et al. ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks. CVPR 2017, "
    "doi 10.1109/CVPR.2017.369.",
    homepage="https://nihcc.app.box.com/v/ChestXray-NIHCC",
    files=_FILES,
    traps=(
        "The labels were read from reports by a program; a radiologist found positive predictive values 10 to 30 % "
        "below those stated (Oakden-Rayner 2020, doi 10.1016/j.acra.2019.10.006).",
        "'No Finding' means none of the 14, and is not the same as normal (the publisher's FAQ, questions 5 and 8).",
        "One patient has up to many radiographs; the publisher's test list keeps patients apart, and labels.csv "
        "carries it as split.",
        "Findings were treated when the picture was taken: many a pneumothorax shows its drain.",
        "AP views were taken in bed and are sicker; markers and lines are in the picture.",
        "Some files are RGBA instead of grey.",
    ),
    ready="data",
    options="--finding Effusion",
    prepare=write_labels,
)  # fmt: skip
