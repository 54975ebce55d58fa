"""Tables of labels that are dropped, or lie in an archive -> what they say of items, those to come included.

That is class or findings, patient, and the further columns that tell no patient: what subgroups and a look for
shortcuts need. A table may leave the class out: where folders are the labels, people keep age and sex apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.dataset.columns import IMAGE_NAME
from wetread.dataset.label_names import fold_name
from wetread.dataset.labels_file import looks_like_labels, read_labels
from wetread.dataset.readings import Gathered, gather
from wetread.errors import InputError
from wetread.privacy.further_columns import keep_further_columns
from wetread.studio.findings import read_marks, write_marks
from wetread.studio.items import Contents, Edit, KeptTable, join_columns
from wetread.studio.names import class_name, loose, row_keys, table_keys
from wetread.studio.uploads import Received, reject

if TYPE_CHECKING:
    from wetread.privacy.pseudonyms import Pseudonyms
    from wetread.studio.project import Project

MOST_TABLE_BYTES = 64 << 20
#: Columns that are left out, as far as they are named.
MOST_NAMED = 8
_LATER = "It names no image that is here yet; those that come later will be labelled by it."
_LATER_COLUMNS = "It has no label column and names no image that is here yet; those that come later get its columns."
_HELP = "Give it a column image and a column label, in CSV or a spreadsheet."


def receive_table(project: Project, file: Path, name: str, batch: str = "") -> Received:
    """Follows a table that was dropped, by itself or beside images; one that is none is listed as rejected.

    Args:
        project: Whose items.
        file: The table.
        name: As it is shown.
        batch: Of the addition it came with, as in `wetread.studio.project.Project.add_item`.
    """
    if file.stat().st_size > MOST_TABLE_BYTES:
        return reject(project, name, "the table is larger than 64 MB", "Split it.", "bad-table")
    data = file.read_bytes()
    if not looks_like_labels(name, data):
        return receive_columns(project, name, data)
    try:
        table = read_table(name, data, project.pseudonyms)
    except InputError as error:
        return reject(project, name, error.message, error.remedy, error.code)
    followed = follow_table(project, name, table.kept, batch=batch)
    items = followed.items
    told = f"{name}: {_images(items)} labelled by it." if items else _LATER
    note = " ".join(filter(None, (followed.note, say_use(project, table.kept), table.note)))
    return Received("table", tuple(items), f"{told} {note}".strip() if note or not items else "")


def say_use(project: Project, table: KeptTable) -> str:
    """Whether the project is one of findings by a table or in spite of it; empty where there is nothing to say."""
    with project.read() as contents:
        if table.findings and contents.of_findings:
            findings = ", ".join(table.findings[:MOST_NAMED]) + (", ..." if len(table.findings) > MOST_NAMED else "")
            return f"Each image may have several findings in this project: {findings}."
        if table.findings:
            return (
                "It gives several findings per image, and this project has classes, which stay. The findings are kept: "
                "choose Findings above the classes to train on them."
            )
        if contents.of_findings and contents.live_classes(findings=False):
            return "It gives one class per image. The classes are kept: choose Classes above the findings to use them."
        return ""


def _images(items: Sequence[str]) -> str:
    return f"{len(items)} image{'s' if len(items) != 1 else ''}"


def receive_columns(project: Project, name: str, data: bytes, *, listed: bool = True) -> Received:
    """Follows a table that names images and says of them anything but a class.

    Args:
        project: Whose items.
        name: Of the table.
        data: Its content.
        listed: Whether one that is none is listed as rejected; else it is ignored, as other texts of an archive are.
    """
    try:
        table = read_table(name, data, project.pseudonyms, unlabelled=True)
    except InputError:
        table = None
    if not listed and (table is None or not table.kept.rows or not _names_one(project, table.kept)):
        return Received("ignored")
    if table is None or not (table.of_images or _names_one(project, table.kept)):
        return reject(project, name, "it is neither an image nor a table of labels", _HELP, "not-an-image")
    if not table.kept.rows:
        why = "it has no label column, and no other column that may be kept"
        return reject(project, name, why, f"{table.note} {_HELP}".strip(), "no-label-column")
    followed = follow_table(project, name, table.kept, "Columns")
    items = followed.items
    told = f"{name}: no label column, so the classes stay as they are; {_images(items)} found in it." if items else ""
    note = " ".join(filter(None, (followed.note, table.note)))
    return Received("table", tuple(items), f"{told or _LATER_COLUMNS} {note}".strip())


def _names_one(project: Project, table: KeptTable) -> bool:
    with project.read() as contents:
        return bool(_look_up(project, contents, table)[0])


@dataclass(frozen=True)
class ReadTable:
    """A table of labels as it is kept.

    Attributes:
        kept: By hashed names of images; patients by their pseudonyms.
        left_out: Names of columns that are not kept.
        of_images: What stands in its image column are names of image files.
        unnamed: Names of findings that are not kept, since no table of ours could hold them.
    """

    kept: KeptTable
    left_out: tuple[str, ...] = ()
    of_images: bool = True
    unnamed: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """A sentence about the further columns; empty where there were none."""
        kept, gone = (", ".join(names) for names in (self.kept.columns, self.left_out[:MOST_NAMED]))
        more = f" and {len(self.left_out) - MOST_NAMED} more" if len(self.left_out) > MOST_NAMED else ""
        told = [f"Columns kept: {kept}."] if kept else []
        if gone:
            told.append(f"Not kept, since they may tell whose image it is or make no groups: {gone}{more}.")
        if self.unnamed:
            told.append(f"Not kept, since they cannot be names of findings: {', '.join(self.unnamed[:MOST_NAMED])}.")
        return " ".join(told)


def read_table(name: str, data: bytes, pseudonyms: Pseudonyms, *, unlabelled: bool = False) -> ReadTable:
    """A table of labels as hashed names of images -> class or findings, patient (as pseudonym) and further columns.

    Several rows of one image are joined as a run joins them, and whether an image may have several findings, and which
    are absent, uncertain or not said, is told as a run tells it. Of the further columns those are kept that tell no
    patient (`wetread.privacy.further_columns`), as a run would keep them.

    Args:
        name: Of its file.
        data: Its content.
        pseudonyms: Of the project.
        unlabelled: Whether a table without labels is read as well.

    Raises:
        InputError: It cannot be read.
    """
    table = read_labels(name, data, unlabelled=unlabelled)
    gathered = gather(table)
    further = keep_further_columns(_further(gathered, table.columns.get("site", "site")))
    findings = tuple(name for name in table.findings if _clean(name) == name) if table.multi else ()
    rows: dict[str, list[str]] = {}
    twice: set[str] = set()
    for number, row in enumerate(gathered):
        patient = pseudonyms.patient(row.patient) if row.patient else ""
        said = [
            write_marks(row, findings) if table.multi else _label(row),
            patient,
            *(cells[number] for cells in further.kept.values()),
        ]
        for key in row_keys(row.image, pseudonyms):
            known = rows.setdefault(key, said)
            if known[:2] != said[:2]:
                twice.add(key)  # the same bare name in two folders
            elif known != said:
                rows[key] = [a if a == b else "" for a, b in zip(known, said, strict=True)]
    rows = {key: said for key, said in rows.items() if key not in twice and any(said)}
    files = sum(IMAGE_NAME.search(row.image) is not None for row in gathered)
    kept = KeptTable(rows, tuple(further.kept), findings)
    unnamed = tuple(name for name in table.findings if name not in findings) if table.multi else ()
    return ReadTable(kept, tuple(further.left_out), 2 * files >= len(gathered), unnamed)


def _label(row: Gathered) -> str:
    return _clean(row.labels[0]) if len(row.labels) == 1 and not row.reason else ""


def _clean(name: str) -> str:
    try:
        return class_name(name)
    except InputError:
        return ""


def _further(gathered: list[Gathered], site: str) -> dict[str, list[str]]:
    """The columns without a meaning of ours, and the site, as `wetread.dataset.table_rows` makes them of a table."""
    names = dict.fromkeys(name for row in gathered for name in row.extra)
    sites = {site: [row.site for row in gathered]}
    return {**sites, **{name: [row.extra.get(name, "") for row in gathered] for name in names}}


@dataclass(frozen=True)
class Followed:
    """What a table did.

    Attributes:
        items: Ids of the images that it names.
        note: Which names it could not follow, and which images of its drop it leaves without a class; may be empty.
    """

    items: list[str]
    note: str = ""


def follow_table(project: Project, name: str, table: KeptTable, what: str = "Labels", *, batch: str = "") -> Followed:
    """Labels the items that a table names, as one step that can be taken back.

    A table of findings makes the project one of findings, unless images are in two classes already.

    Args:
        project: Whose items.
        name: Of the table.
        table: What it says.
        what: It gives, in the name of the step.
        batch: Of the addition it came with.
    """
    project.keep_table(table)
    found: list[str] = []
    notes: list[str] = []

    def plan(contents: Contents) -> list[Edit]:
        hits, unclear = _look_up(project, contents, table)
        found.extend(hits)
        if unclear:
            listed = ", ".join(unclear[:MOST_NAMED]) + (", ..." if len(unclear) > MOST_NAMED else "")
            notes.append(f"Not followed, since more than one image is meant by the same name: {listed}.")
        edits, beside = _edits(contents, hits, table, batch)
        if beside:
            notes.append(f"Not in it, so without a class: {_images(beside)} of the same folder.")
        return edits

    what = "Findings" if table.findings else what
    project.record(f"{what} from {name[:60]}", plan)
    return Followed(found, " ".join(notes))


def _look_up(project: Project, contents: Contents, table: KeptTable) -> tuple[dict[str, list[str]], list[str]]:
    """What a table says of each item that it names, and the names of items of which it is not clear which is meant.

    As in `wetread.dataset.finder.Finder`: a path means the file that lies there, a name the one file of that name, a
    name without ending the one file with that stem; what two files have in common means neither. Items that are left
    out give way to those that take part.
    """
    names = {
        item.id: item.keys or table_keys(item.path, item.name, project.pseudonyms) for item in contents.items.values()
    }
    hits: dict[str, list[str]] = {}
    sharing: dict[str, list[str]] = defaultdict(list)
    for one, keys in names.items():
        for key in keys[-2:]:
            sharing[key].append(one)
        path = next((key for key in keys[:-2] if key in table.rows), None)
        if path is not None:
            hits[one] = table.rows[path]
    unclear: dict[str, None] = {}
    for place in (-2, -1):  # the name, then the name without ending
        surer = set(hits)
        for one, keys in names.items():
            key = keys[max(place, -len(keys))]
            said = table.rows.get(key) or table.rows.get(loose(key))
            if one in surer or said is None:
                continue
            rivals = [other for other in sharing[key] if other != one and _counts(contents, other, one)]
            if not rivals:
                hits[one] = said
            elif surer.isdisjoint(rivals):
                unclear[contents.items[one].name] = None
    return hits, list(unclear)


def _counts(contents: Contents, other: str, one: str) -> bool:
    return contents.items[one].excluded or not contents.items[other].excluded


def _edits(
    contents: Contents, hits: dict[str, list[str]], table: KeptTable, batch: str
) -> tuple[list[Edit], list[str]]:
    """Classes or findings that are missing, items by groups, then classes left empty; and items beside the table."""
    groups: dict[tuple[str, str], list[str]] = {}
    edits = _finding_edits(contents, hits, table) if table.findings else _class_edits(contents, hits, groups)
    for item_id, said in hits.items():
        if said[1] and contents.items[item_id].patient != said[1]:
            groups.setdefault(("patient", said[1]), []).append(item_id)
    edits += [{"items": found, "set": {field: value}} for (field, value), found in groups.items()]
    edits += _column_edits(contents, hits, table)
    moved = {item for (field, _), found in groups.items() if field == "class_id" for item in found}
    emptied = _emptied(contents, moved)
    beside = _beside(contents, hits, emptied, batch)
    if beside:
        edits.append({"items": beside, "set": {"class_id": None}})
        emptied = _emptied(contents, moved.union(beside))
    return edits + emptied, beside


def _beside(contents: Contents, hits: dict[str, list[str]], emptied: list[Edit], batch: str) -> list[str]:
    """Items that came with a table that shows that their folders are no classes, and that it does not name: masks.

    Where all images of a folder of the drop have another class by the table, its folders are images and masks rather
    than classes, and what the table leaves out is unlabelled, as in a run of that folder.
    """
    step = contents.undo[-1] if contents.undo else None
    if step is None or not batch or step.batch != batch:
        return []
    made = {one["class"] for one in step.do if "class" in one}
    if made.isdisjoint(one["class"] for one in emptied):
        return []
    labels = {fold_name(said[0]) for said in hits.values()}
    folders = {one for one in made if fold_name(contents.classes[one].name) not in labels}
    came = [contents.items[one] for one in step.do[0]["bring"] if one in contents.items and one not in hits]
    return [item.id for item in came if item.class_id in folders]


def _class_edits(
    contents: Contents, hits: dict[str, list[str]], groups: dict[tuple[str, str], list[str]]
) -> list[Edit]:
    """Makes the classes that are missing; fills in which items go where."""
    ids, edits = _named(contents, dict.fromkeys(said[0] for said in hits.values() if said[0]), finding=False)
    for item_id, said in hits.items():
        class_id = ids.get(said[0])
        if class_id and contents.items[item_id].class_id != class_id:
            groups.setdefault(("class_id", class_id), []).append(item_id)
    return edits


def _finding_edits(contents: Contents, hits: dict[str, list[str]], table: KeptTable) -> list[Edit]:
    """What a later table says of a finding counts; of what it says nothing, what was said before stays."""
    ids, edits = _named(contents, dict.fromkeys(table.findings), finding=True)
    if not contents.of_findings and not _has_classes(contents):
        edits.append({"settings": {"findings": True}})
    order = list(ids.values())
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for item_id, said in hits.items():
        old = contents.items[item_id].findings
        new = {**old, **read_marks(said[0], order)}
        if new != old:
            groups.setdefault(tuple(sorted(new.items())), []).append(item_id)
    return edits + [{"items": found, "set": {"findings": dict(marks)}} for marks, found in groups.items()]


def _has_classes(contents: Contents) -> bool:
    """Whether images are in two classes: one alone tells nothing apart, and is the folder of a download."""
    live = {one.id for one in contents.live_classes(findings=False)}
    return len({item.class_id for item in contents.items.values() if not item.excluded} & live) > 1


def _named(contents: Contents, names: Iterable[str], *, finding: bool) -> tuple[dict[str, str], list[Edit]]:
    """Id of each class or finding of these names, and the edits that make or bring back those that are not there."""
    from wetread.studio.project import class_edit, named_classes

    edits: list[Edit] = []
    ids: dict[str, str] = {}
    for name in names:
        edit = class_edit(contents, name, finding)
        if edit is None:
            ids[name] = next(one.id for one in named_classes(contents, name, finding) if not one.gone)
            continue
        if "name" in edit["set"]:
            edit["class"] = f"c-{len(contents.classes) + 1 + sum('name' in one['set'] for one in edits)}"
        ids[name] = edit["class"]
        edits.append(edit)
    return ids, edits


def _column_edits(contents: Contents, hits: dict[str, list[str]], table: KeptTable) -> list[Edit]:
    """Items with the same further columns are set at once."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for item_id, said in hits.items():
        old = contents.items[item_id].columns
        new = join_columns(old, table.further(said))
        if new != old:
            groups.setdefault(tuple(new.items()), []).append(item_id)
    return [{"items": found, "set": {"columns": dict(columns)}} for columns, found in groups.items()]


def _emptied(contents: Contents, moved: set[str]) -> list[Edit]:
    """Classes all of whose items were moved: the folder images of a download, which was no class."""
    left = {contents.items[one].class_id for one in moved}
    kept = {item.class_id for item in contents.items.values() if item.id not in moved}
    live = contents.live_classes(findings=False)
    return [{"class": one.id, "set": {"gone": True}} for one in live if one.id in left - kept]
