"""Patients of a project whose files have names like those of NIH sets and lie in a folder per patient."""

from wetread.studio.items import Item
from wetread.studio.patients import find_patients


def item(number, path, name):
    return Item(f"{number:016x}", f"{name}.png", ".png", "PNG", path, class_id=path.split("/")[0])


def test_a_folder_joins_what_names_would_tear_apart():
    items = [
        item(4 * patient + one, f"{'ill' if patient % 2 else 'well'}/Pat {patient}", f"{70036 + 4 * patient + one}_001")
        for patient in range(6)
        for one in range(4)
    ]
    found, source = find_patients(items)
    assert source == "folder"
    assert len(set(found.values())) == 6
    assert all(len({found[one.id] for one in items[start : start + 4]}) == 1 for start in range(0, 24, 4))
    assert not any("Pat" in patient for patient in found.values())  # folders may be named after patients


def test_a_flat_set_of_nih_keeps_the_patients_of_its_names():
    names = [f"{70000 + number // 3:08d}_{number:03d}" for number in range(12)]
    items = [item(number, "ill" if number % 2 else "well", name) for number, name in enumerate(names)]
    found, source = find_patients(items)
    assert (source, len(set(found.values()))) == ("filename", 4)
