"""Files made to break their readers."""

import io
import zipfile

import xlsxwriter


def workbook_of(sheet: str) -> bytes:
    """A workbook whose one sheet has this XML."""
    stream = io.BytesIO()
    plain = io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as book:
        book.add_worksheet()
    with zipfile.ZipFile(plain) as good, zipfile.ZipFile(stream, "w") as crafted:
        for name in good.namelist():
            content = f"<worksheet><sheetData>{sheet}</sheetData></worksheet>".encode()
            crafted.writestr(name, content if name.endswith("sheet1.xml") else good.read(name))
    return stream.getvalue()


def endless_workbook() -> bytes:
    """Cells without references: two rows with a million between them, and half a terabyte where a reader fills it."""
    cells = "<c><v>1</v></c>"
    return workbook_of(f'<row>{cells * 16_384}</row><row r="1048576">{cells}</row>')
