"""The documents of the demonstration: small PDF files that a screen reader reads, headings included.

Written by hand rather than by a library: a few pages of text need a language, a title and a tree of tags, and nothing else.
"""

import html
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

AUTHOR = "Ville de Mulhouse (démonstration)"
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 595, 842, 62
# Tag, font, size, space above and line height, in points; and how many signs fit in a line.
_STYLES = {
    "H1": ("B", 20, 0, 26, 46),
    "H2": ("B", 14, 14, 20, 62),
    "P": ("R", 11.5, 6, 16.5, 82),
}


@dataclass(frozen=True)
class Block:
    """A heading or a paragraph: its tag and its words."""

    tag: str
    words: str


def blocks(text: str) -> Iterator[Block]:
    """Read a text: a line is a paragraph, « # » begins its title and « ## » a heading."""
    for line in filter(None, map(str.strip, text.splitlines())):
        marks, _, words = line.partition(" ")
        tag = {"#": "H1", "##": "H2"}.get(marks)
        yield Block(tag, words.strip()) if tag else Block("P", line)


def as_html(text: str) -> str:
    """Write a text as a page, without its title, which the page shows already."""
    tags = {"H2": "h3", "P": "p"}
    return "\n".join(
        f"<{tags[block.tag]}>{html.escape(block.words, quote=False)}</{tags[block.tag]}>"
        for block in blocks(text)
        if block.tag in tags
    )


def as_pdf(title: str, text: str) -> bytes:
    """Write a text as a tagged PDF.

    Shape: A4, in French, its title shown by the reader; each block is one marked content under one element of the tree.
    """
    pages = _pages(text)
    numbers = {
        name: number for number, name in enumerate(("catalog", "info", "pages", "tree", "R", "B", "document"), 1)
    }
    first_page = len(numbers) + 1
    first_element = first_page + 2 * len(pages)
    objects: dict[int, bytes] = {}
    elements: list[int] = []
    parents: list[str] = []
    for index, page in enumerate(pages):
        here, stream = first_page + 2 * index, first_page + 2 * index + 1
        ids = []
        for mcid, (tag, _content) in enumerate(page):
            number = first_element + len(elements)
            objects[number] = (
                f"<< /Type /StructElem /S /{tag} /P {numbers['document']} 0 R /Pg {here} 0 R /K {mcid} >>".encode()
            )
            elements.append(number)
            ids.append(f"{number} 0 R")
        parents.append(f"{index} [{' '.join(ids)}]")
        objects[here] = (
            f"<< /Type /Page /Parent {numbers['pages']} 0 R /MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}] /Contents {stream} 0 R "
            f"/Resources << /Font << /R {numbers['R']} 0 R /B {numbers['B']} 0 R >> >> /StructParents {index} /Tabs /S >>"
        ).encode()
        content = b"".join(
            b"/%b << /MCID %d >> BDC\n%bEMC\n" % (tag.encode(), mcid, drawn) for mcid, (tag, drawn) in enumerate(page)
        )
        objects[stream] = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)
    objects |= {
        numbers["catalog"]: (
            f"<< /Type /Catalog /Pages {numbers['pages']} 0 R /Lang (fr-FR) /MarkInfo << /Marked true >> "
            f"/StructTreeRoot {numbers['tree']} 0 R /ViewerPreferences << /DisplayDocTitle true >> >>"
        ).encode(),
        numbers["info"]: f"<< /Title {_said(title)} /Author {_said(AUTHOR)} >>".encode(),
        numbers["pages"]: (
            f"<< /Type /Pages /Count {len(pages)} /Kids "
            f"[{' '.join(f'{first_page + 2 * index} 0 R' for index in range(len(pages)))}] >>"
        ).encode(),
        numbers["tree"]: (
            f"<< /Type /StructTreeRoot /K {numbers['document']} 0 R /ParentTree << /Nums [{' '.join(parents)}] >> "
            f"/ParentTreeNextKey {len(pages)} >>"
        ).encode(),
        numbers["R"]: _font("Helvetica"),
        numbers["B"]: _font("Helvetica-Bold"),
        numbers["document"]: (
            f"<< /Type /StructElem /S /Document /P {numbers['tree']} 0 R "
            f"/K [{' '.join(f'{number} 0 R' for number in elements)}] >>"
        ).encode(),
    }
    return _file(objects, root=numbers["catalog"], info=numbers["info"])


def _pages(text: str) -> list[list[tuple[str, bytes]]]:
    """Lay the blocks on pages; each comes with the operators that draw it."""
    pages: list[list[tuple[str, bytes]]] = [[]]
    top: float = PAGE_HEIGHT - MARGIN
    for block in blocks(text):
        font, size, above, leading, width = _STYLES[block.tag]
        # A no-break space is no place to break a line: textwrap breaks at plain spaces only.
        lines = textwrap.wrap(block.words, width=width, break_long_words=False, break_on_hyphens=False)
        if top - above - leading * len(lines) < MARGIN:
            pages.append([])
            top = PAGE_HEIGHT - MARGIN
        top -= above + leading
        shown = b" T*\n".join(b"(%b) Tj" % _string(line) for line in lines)
        pages[-1].append(
            (block.tag, f"BT /{font} {size} Tf {leading} TL {MARGIN} {top:.1f} Td\n".encode() + shown + b" ET\n")
        )
        top -= leading * (len(lines) - 1)
    return pages


def _font(name: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()


def _string(words: str) -> bytes:
    """Write a text in the encoding of the font, its brackets escaped."""
    signs = words.encode("cp1252", errors="replace")
    return signs.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _said(words: str) -> str:
    """Write a text that is read outside the pages: in UTF-16, for a reader that does not know the font."""
    return "<" + f"\ufeff{words}".encode("utf-16-be").hex() + ">"


def _file(objects: dict[int, bytes], *, root: int, info: int) -> bytes:
    """Put the objects one after the other, and the table that says where each begins."""
    written = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number in sorted(objects):
        offsets.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, objects[number])
    table = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    written += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        root,
        info,
        table,
    )
    return bytes(written)
