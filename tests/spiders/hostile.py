"""Files made to break their readers."""

import io
import zipfile

import xlsxwriter


def workbook_of(sheet: str, *, before: str = "", behind: str = "", strings: str = "", target: str = "") -> bytes:
    """A workbook whose one sheet has this XML.

    Args:
        sheet: the rows.
        before: what stands ahead of the sheet's root.
        behind: what follows the rows.
        strings: the part of shared strings, where another is wanted.
        target: where the sheet is said to lie.
    """
    stream = io.BytesIO()
    plain = io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as book:
        book.add_worksheet().write_string(0, 0, "shared")
        book.add_format({"num_format": "yyyy-mm-dd"})
    replaced = {"xl/worksheets/sheet1.xml": f"{before}<worksheet><sheetData>{sheet}</sheetData>{behind}</worksheet>"}
    replaced |= {"xl/sharedStrings.xml": strings} if strings else {}
    with zipfile.ZipFile(plain) as good, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as crafted:
        for name in good.namelist():
            content = good.read(name)
            if target and name.endswith("workbook.xml.rels"):
                content = content.replace(b"worksheets/sheet1.xml", target.encode())
            crafted.writestr(name, replaced.get(name, content))
    return stream.getvalue()


def endless_workbook() -> bytes:
    """Cells without references: two rows with a million between them, and half a terabyte where a reader fills it."""
    cells = "<c><v>1</v></c>"
    return workbook_of(f'<row>{cells * 16_384}</row><row r="1048576">{cells}</row>')
