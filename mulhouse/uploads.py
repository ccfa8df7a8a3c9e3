"""Files that residents join: recognised by their content, never by their name, and written again without what they hide.

A photo is decoded and encoded anew (no EXIF, no position, no second file behind it); a PDF keeps its pages and their tags and
loses scripts, attachments and metadata; an ODT loses macros, thumbnails, authors and metadata. What can not be cleaned is refused.
"""

import io
import re
import struct
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Literal

import pypdf
import pypdf.errors
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, PdfObject, StreamObject

from mulhouse.errors import DomainError

MAX_BYTES = 5_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 1600
PHOTO_QUALITY = 80
MAX_PAGES = 200
MAX_PDF_OBJECTS = 50_000
MAX_ODT_BYTES = 50_000_000
MAX_ODT_FILES = 2_000
NAME_LENGTH = 100

PHOTO_FORMATS = ("JPEG", "PNG", "WEBP")
PDF_TYPE = "application/pdf"
ODT_TYPE = "application/vnd.oasis.opendocument.text"
PHOTO_TYPE = "image/webp"
# What the file chooser of a browser offers; the content decides.
ACCEPT = ".jpg,.jpeg,.png,.webp,.pdf,.odt,image/jpeg,image/png,image/webp,application/pdf," + ODT_TYPE


@dataclass(frozen=True)
class CleanFile:
    """A file that may be kept: what it is, a harmless name, and its new content."""

    kind: Literal["photo", "document"]
    name: str
    content_type: str
    content: bytes
    width: int | None = None
    height: int | None = None


class RejectedFileError(DomainError):
    """A file that is not kept, and the sentence that says why and what to do."""


def _unknown() -> RejectedFileError:
    return RejectedFileError(
        "unknown", _("Ce fichier n’est pas accepté. Choisissez une photo (JPEG, PNG, WebP) ou un document (PDF, ODT).")
    )


def _too_large() -> RejectedFileError:
    return RejectedFileError("too_large", _("Cette image a trop de pixels. Réduisez-la, puis choisissez-la à nouveau."))


def _too_heavy(max_bytes: int) -> RejectedFileError:
    words = _("Ce fichier dépasse %(size)s. Réduisez-le ou choisissez-en un autre.")
    return RejectedFileError("too_heavy", words % {"size": f"{max_bytes // 1_000_000}\u00a0" + _("Mo")})


def _too_complex() -> RejectedFileError:
    return RejectedFileError(
        "too_complex", _("Ce document est trop volumineux une fois ouvert. Choisissez-en un extrait.")
    )


def _damaged() -> RejectedFileError:
    return RejectedFileError("damaged", _("Ce fichier est abîmé. Enregistrez-le à nouveau, puis recommencez."))


def _locked() -> RejectedFileError:
    return RejectedFileError(
        "locked", _("Ce fichier est protégé par un mot de passe. Enregistrez-le sans protection, puis recommencez.")
    )


def clean(name: str, data: bytes, *, max_bytes: int = MAX_BYTES) -> CleanFile:
    """Recognise a file and write it anew.

    Units: bytes in and out, at most `max_bytes`; photos come out within MAX_SIDE pixels a side.
    Raises: RejectedFileError when it is too heavy, of another sort, damaged, locked or dangerous.
    """
    if not data:
        raise RejectedFileError("empty", _("Ce fichier est vide. Choisissez-en un autre."))
    if len(data) > max_bytes:
        raise _too_heavy(max_bytes)
    if data.startswith(b"%PDF-"):
        cleaned = CleanFile("document", safe_name(name, ".pdf"), PDF_TYPE, _clean_pdf(data))
    elif data.startswith(b"PK\x03\x04"):
        cleaned = CleanFile("document", safe_name(name, ".odt"), ODT_TYPE, _clean_odt(data))
    else:
        cleaned = clean_photo(name, data)
    if len(cleaned.content) > max_bytes:
        raise _too_heavy(max_bytes)
    return cleaned


def clean_photo(name: str, data: bytes) -> CleanFile:
    """Decode a photo, turn it upright, reduce it and encode it anew, with nothing but its pixels.

    Raises: RejectedFileError.
    """
    try:
        plain = _pixels(data)
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except UnidentifiedImageError as error:
        raise _unknown() from error
    except (OSError, ValueError, SyntaxError, TypeError, struct.error, zlib.error, EOFError) as error:
        raise _damaged() from error
    written = io.BytesIO()
    plain.info = {}
    plain.save(written, "WEBP", quality=PHOTO_QUALITY, method=3)
    return CleanFile(
        "photo", safe_name(name, ".webp"), PHOTO_TYPE, written.getvalue(), width=plain.width, height=plain.height
    )


def _pixels(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow only warns between one and two times its limit; ours comes first.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        picture = Image.open(io.BytesIO(data), formats=PHOTO_FORMATS)
    if picture.width * picture.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a large JPEG is decoded at a fraction of its size
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def safe_name(name: str, extension: str) -> str:
    """Keep the readable part of a file's name, with the extension of what it really is.

    Shape: no folder, no control character, at most NAME_LENGTH characters and the extension; « fichier » when nothing is left.
    """
    base = PurePosixPath(PureWindowsPath(name).name).name
    stem = base.rsplit(".", 1)[0] if "." in base.strip(".") else base
    kept = "".join(sign for sign in unicodedata.normalize("NFC", stem) if unicodedata.category(sign)[0] != "C")
    kept = " ".join(re.sub(r'[<>:"|?*\\/]', " ", kept).split()).strip(". ")[:NAME_LENGTH].rstrip()
    return f"{kept or 'fichier'}{extension}"


# --- PDF ---------------------------------------------------------------------------------------------------------

# Everything that runs, calls out, carries another file or tells about the author.
PDF_KEYS = (
    *("/AA", "/AF", "/AcroForm", "/Collection", "/EF", "/EmbeddedFiles", "/JS", "/JavaScript", "/LastModified"),
    *("/Metadata", "/OpenAction", "/Perms", "/PieceInfo", "/RichMediaContent", "/XFA"),
)
PDF_ACTIONS = {"/GoTo", "/URI", "/Named"}
PDF_ANNOTATIONS = {
    *("/Circle", "/FreeText", "/Highlight", "/Ink", "/Line", "/Link", "/PolyLine", "/Polygon", "/Square", "/Squiggly"),
    *("/Stamp", "/StrikeOut", "/Underline", "/Widget"),
}
# pypdf meets a hostile file with whatever Python raises where it stumbles.
PDF_FAILURES = (
    pypdf.errors.PyPdfError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
    NotImplementedError,
    OSError,
    struct.error,
    zlib.error,
)


def _clean_pdf(data: bytes) -> bytes:
    try:
        return _written_pdf(data)
    except PDF_FAILURES as error:
        raise _damaged() from error


def _written_pdf(data: bytes) -> bytes:
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise _locked()
    if len(reader.pages) > MAX_PAGES:
        raise _too_complex()
    for found in _reachable(reader.root_object):
        _disarm(found)
    # Only what the catalogue still leads to is copied: scripts and attachments stay behind.
    writer = pypdf.PdfWriter(clone_from=reader)
    writer.metadata = None
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def _reachable(root: DictionaryObject) -> Iterator[PdfObject]:
    """Walk a document from its catalogue, each object once; what is disarmed on the way is not walked into."""
    seen: set[tuple[int, int]] = set()
    waiting: list[PdfObject | None] = [root]
    while waiting:
        current = waiting.pop()
        if isinstance(current, IndirectObject):
            number = (current.idnum, current.generation)
            if number in seen:
                continue
            seen.add(number)
            if len(seen) > MAX_PDF_OBJECTS:
                raise _too_complex()
            current = current.get_object()
        if isinstance(current, DictionaryObject | ArrayObject):
            yield current
            waiting.extend(current.values() if isinstance(current, DictionaryObject) else current)


def _disarm(found: PdfObject) -> None:
    if isinstance(found, ArrayObject):
        kept = [item for item in found if not _is_foreign_annotation(item)]
        if len(kept) != len(found):
            found[:] = kept
        return
    if not isinstance(found, DictionaryObject):
        return
    for key in PDF_KEYS:
        found.pop(NameObject(key), None)
    for key in ("/A", "/PA", "/Next"):
        action = found.get(key)
        if isinstance(action, DictionaryObject | IndirectObject) and not _is_harmless_action(action):
            del found[NameObject(key)]
    if isinstance(found, StreamObject) and _is_jpeg(found):
        found._data = without_metadata(found._data)  # noqa: SLF001 (pypdf offers no other way to the encoded bytes)


def _is_jpeg(stream: StreamObject) -> bool:
    chain = stream.get("/Filter")
    return (chain[0] if isinstance(chain, ArrayObject) and len(chain) == 1 else chain) == "/DCTDecode"


def _is_foreign_annotation(item: PdfObject) -> bool:
    """Tell an annotation that may carry a file, a film or a script from a link or a mark."""
    target = item.get_object()
    if not isinstance(target, DictionaryObject) or "/Rect" not in target or "/Subtype" not in target:
        return False
    return str(target["/Subtype"]) not in PDF_ANNOTATIONS


def _is_harmless_action(action: PdfObject) -> bool:
    target = action.get_object()
    return not isinstance(target, DictionaryObject) or target.get("/S") is None or target.get("/S") in PDF_ACTIONS


# Marks of the segments of a JPEG; EXIF and XMP, IPTC, and comments are the telling ones.
SEGMENT = 0xFF
START_OF_SCAN = 0xDA
TELLING_SEGMENTS = {0xE1, 0xED, 0xFE}


def without_metadata(jpeg: bytes) -> bytes:
    """Take EXIF, XMP, IPTC and comments out of a JPEG without decoding it; anything else comes back as it is."""
    if not jpeg.startswith(b"\xff\xd8"):
        return jpeg
    kept = bytearray(b"\xff\xd8")
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == SEGMENT and jpeg[at + 1] != START_OF_SCAN:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] not in TELLING_SEGMENTS:
            kept += jpeg[at : at + 2 + length]
        at += 2 + length
    return bytes(kept + jpeg[at:])


# --- ODT ---------------------------------------------------------------------------------------------------------

ODT_DROPPED = (
    "Basic/",
    "Configurations2/",
    "META-INF/documentsignatures.xml",
    "META-INF/macrosignatures.xml",
    "Scripts/",
    "Thumbnails/",
)
ODT_META = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta '
    b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.3"><office:meta/></office:document-meta>'
)
# Each expression stops at the next bracket, so that none of them can be made to crawl.
ODT_AUTHORS = re.compile(rb"(<(?:dc:creator|meta:initial-creator|meta:creator-initials)\b[^<>]*>)[^<]*(?=</)")
ODT_CALLS = re.compile(
    rb"""(xlink:href=["'])(?:vnd\.sun\.star|script|macro|javascript|service)[^"'<>]*""", re.IGNORECASE
)
ODT_ENTRY = re.compile(rb"<manifest:file-entry\b[^<>]*/>")
ODT_PATH = re.compile(rb"""manifest:full-path=["']([^"']*)""")
ODT_RUNS = (b"office:scripts", b"office:event-listeners")


def _clean_odt(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            contents = {entry.filename: _odt_part(source, entry) for entry in _odt_entries(source)}
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        struct.error,
    ) as error:
        raise _damaged() from error
    if contents.pop("mimetype", b"").strip() != ODT_TYPE.encode() or "content.xml" not in contents:
        raise _unknown()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(zipfile.ZipInfo("mimetype"), ODT_TYPE, zipfile.ZIP_STORED)
        for name, content in contents.items():
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _odt_entries(source: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """List the parts to keep. The sizes a zip announces are only a first filter: reading is bounded too."""
    entries = source.infolist()
    if len(entries) > MAX_ODT_FILES or sum(entry.file_size for entry in entries) > MAX_ODT_BYTES:
        raise _too_complex()
    if any(entry.flag_bits & 1 for entry in entries):
        raise _locked()
    kept = {
        entry.filename: entry
        for entry in entries
        if not entry.is_dir() and ".." not in entry.filename and not entry.filename.startswith(("/", *ODT_DROPPED))
    }
    return list(kept.values())


def _odt_part(source: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with source.open(entry) as part:
        content = part.read(entry.file_size + 1)
    if len(content) > entry.file_size:
        raise _too_complex()
    if entry.filename == "meta.xml":
        return ODT_META
    if entry.filename.lower().endswith((".jpg", ".jpeg")):
        return without_metadata(content)
    if not entry.filename.endswith(".xml"):
        return content
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _damaged()
    if entry.filename == "META-INF/manifest.xml":
        return _odt_manifest(content)
    for tag in ODT_RUNS:
        content = _without_element(content, tag)
    return ODT_CALLS.sub(rb"\1", ODT_AUTHORS.sub(rb"\1", content))


def _without_element(content: bytes, tag: bytes) -> bytes:
    """Cut every element of that name, in one pass. Raises: RejectedFileError when one is not closed."""
    kept, at = bytearray(), 0
    opening, closing = b"<" + tag, b"</" + tag + b">"
    while (start := content.find(opening, at)) != -1:
        kept += content[at:start]
        bracket = content.find(b">", start)
        if bracket == -1:
            raise _damaged()
        if content[bracket - 1 : bracket] == b"/":
            at = bracket + 1
            continue
        end = content.find(closing, bracket)
        if end == -1:
            raise _damaged()
        at = end + len(closing)
    return bytes(kept + content[at:])


def _odt_manifest(content: bytes) -> bytes:
    """Take the parts that were dropped out of the list, or the word processor says the file is damaged."""
    if b"encryption-data" in content:
        raise _locked()

    def keep(entry: re.Match[bytes]) -> bytes:
        path = ODT_PATH.search(entry[0])
        dropped = path is not None and path[1].decode("utf-8", "replace").startswith(ODT_DROPPED)
        return b"" if dropped else entry[0]

    return ODT_ENTRY.sub(keep, content)
