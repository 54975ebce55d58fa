"""Tiny workbooks: XLSX, ODS and XLS written by hand, so that tests need no program that writes them."""

import io
import struct
import zipfile
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HIDDEN, DAY = ' state="hidden"', ' s="1"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def xlsx(sheets, *, merged=(), hidden=(), dates=()):
    """A workbook of sheet name -> rows. Cells: text, number, bool or None; ``=text`` becomes a formula.

    ``merged`` holds ranges such as A2:A3 of the first sheet, ``dates`` numbers of columns shown as days.
    """
    parts = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"{HIDDEN if name in hidden else ""}/>'
            for n, name in enumerate(sheets, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)] + [("styles", "styles.xml")]
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    for number, rows in enumerate(sheets.values(), 1):
        body = "".join(
            f'<row r="{r}">' + "".join(_cell(r, c, value, c in dates) for c, value in enumerate(row)) + "</row>"
            for r, row in enumerate(rows, 1)
        )
        ranges = "".join(f'<mergeCell ref="{place}"/>' for place in merged) if number == 1 else ""
        ranges = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData>{ranges}</worksheet>'
        )
    return packed(parts)


def packed(parts):
    """A zip file of name -> text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            # An OpenDocument file shows its kind in plain text at its beginning.
            archive.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _cell(row, column, value, date):
    place = f"{chr(65 + column)}{row}"
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}"{DAY if date else ""}><v>{value!r}</v></c>'
    if value.startswith("="):  # a formula and the value that the program stored with it
        formula, _, stored = value[1:].partition("→")
        return f'<c r="{place}" t="str"><f>{escape(formula)}</f><v>{escape(stored)}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _content_types(sheets):
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in range(1, sheets + 1)
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}</Types>'
    )


def _relations(targets):
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'


def ods(sheets):
    """An OpenDocument workbook of sheet name -> rows of texts and numbers."""
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join("<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return packed(
        {
            "mimetype": kind,
            "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}"
            "</office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        }
    )


def _ods_cell(value):
    if isinstance(value, (int, float)):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value or "")}</text:p></table:table-cell>'


def xls(rows, *, protected=False, last=None):
    """A workbook of Excel 97: one sheet of texts and numbers. ``last`` adds a number in that row and column."""
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
    if protected:
        begin += _record(0x002F, struct.pack("<HHH", 1, 0, 0))
    name = b"Labels"
    sheet_record = 4 + 8 + len(name)
    start = len(begin) + sheet_record + 4
    begin += _record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name) + _record(0x000A, b"")
    assert len(begin) == start
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0))
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            place = struct.pack("<HHH", r, c, 0)
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                sheet += _record(0x0204, place + struct.pack("<HB", len(value), 1) + text)
            else:
                sheet += _record(0x0203, place + struct.pack("<d", value))
    if last:
        sheet += _record(0x0203, struct.pack("<HHHd", *last, 0, 1.0))
    return compound({"Workbook": begin + sheet + _record(0x000A, b"")})


def _record(kind, content):
    return struct.pack("<HH", kind, len(content)) + content


def compound(streams):
    """A compound file (MS-CFB) with up to three streams: one sector of allocation table, one of directory."""
    table, entries, body = [0xFFFFFFFD, 0xFFFFFFFE], [_entry("Root Entry", 5, 0xFFFFFFFE, 0, 1)], b""
    for number, (name, content) in enumerate(streams.items(), 1):
        padded = content.ljust(4096, b"\0")  # shorter streams would go into the small sectors
        padded += b"\0" * (-len(padded) % 512)
        first, count = len(table), len(padded) // 512
        table += [*range(first + 1, first + count), 0xFFFFFFFE]
        sibling = number + 1 if number < len(streams) else 0xFFFFFFFF
        entries.append(_entry(name, 2, first, len(padded), 0xFFFFFFFF, sibling))
        body += padded
    assert len(table) <= 128 and len(entries) <= 4
    header = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    sectors = struct.pack("<128I", *table, *[0xFFFFFFFF] * (128 - len(table)))
    directory = b"".join(entries).ljust(512, b"\0")
    return header + sectors + directory + body


def _entry(name, kind, first, size, child=0xFFFFFFFF, right=0xFFFFFFFF):
    text = (name + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, right, child)
    return head + bytes(36) + struct.pack("<IQ", first, size)
