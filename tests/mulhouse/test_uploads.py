"""Files are what they hold, not what they are called; what they hide does not come in."""

import io
import struct
import zipfile
import zlib

import pypdf
import pytest
from PIL import Image
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject, TextStringObject

from mulhouse import uploads

GPS, MAKER, ARTIST = 0x8825, 0x010F, 0x013B
SECRET = b"SECRET-7f3a"


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(kind="JPEG", size=(400, 300), *, orientation=1, **options):
    image = Image.new("RGB", size, "teal")
    exif = Image.Exif()
    exif[MAKER], exif[ARTIST], exif[0x0112] = "Téléphone", SECRET.decode(), orientation
    exif[GPS] = {1: "N", 2: (47.0, 44.0, 56.0), 3: "E", 4: (7.0, 20.0, 21.0)}
    return encoded(image, kind, exif=exif, **options)


def pdf(prepare=lambda writer: None, pages=1):
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    prepare(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def odt(parts=None, mimetype=uploads.ODT_TYPE):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), mimetype)
        archive.writestr("content.xml", "<office:document-content><text:p>Bonjour</text:p></office:document-content>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refusal(name, data):
    with pytest.raises(uploads.RejectedFileError) as caught:
        uploads.clean(name, data)
    return caught.value.code


# --- What is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("vide.jpg", b"", "empty"),
        ("lourd.jpg", b"\xff\xd8" + b"0" * uploads.MAX_BYTES, "too_heavy"),
        ("texte.jpg", b"Bonjour, ceci est un texte.", "unknown"),
        ("page.png", b"<html><script>alert(1)</script></html>", "unknown"),
        ("dessin.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "unknown"),
        ("programme.pdf", b"MZ\x90\x00" + b"\x00" * 100, "unknown"),
        ("anime.jpg", encoded(Image.new("P", (10, 10)), "GIF"), "unknown"),
        ("coupee.jpg", photo()[:300], "damaged"),
        ("coupe.pdf", pdf()[:200], "damaged"),
        ("tableur.odt", odt(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "unknown"),
        ("archive.odt", b"PK\x03\x04" + b"\x00" * 40, "damaged"),
    ],
)
def test_what_is_not_a_photo_nor_a_document_is_refused(name, data, code):
    assert refusal(name, data) == code


def test_image_that_would_fill_the_memory_is_refused_before_it_does():
    """A few hundred bytes that announce 40,000 × 40,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    assert refusal("bombe.png", bomb) == "too_large"


def test_image_of_too_many_pixels_is_refused():
    """Fewer than Pillow's own limit: a plain image of eight thousand pixels a side, which a kilobyte can hold."""
    assert refusal("plan.png", encoded(Image.new("1", (8000, 8000)), "PNG")) == "too_large"


def test_document_that_would_fill_the_memory_is_refused_before_it_does():
    assert refusal("bombe.odt", odt({"Pictures/1.bin": b"\0" * (uploads.MAX_ODT_BYTES + 1)})) == "too_complex"


def test_part_larger_than_it_says_is_refused():
    """The sizes of a zip are only words: the central directory is made to lie."""
    data = bytearray(odt({"Pictures/1.bin": b"\0" * 100_000}))
    at = data.index(b"PK\x01\x02", data.rindex(b"Pictures/1.bin") - 60)
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    assert refusal("menteur.odt", bytes(data)) in {"too_complex", "damaged"}


def test_document_with_entities_is_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;&a;</x>'
    assert refusal("entites.odt", odt({"styles.xml": bomb})) == "damaged"


def test_locked_documents_are_refused():
    assert refusal("secret.pdf", pdf(lambda writer: writer.encrypt("motdepasse"))) == "locked"
    assert refusal("secret.odt", odt({"META-INF/manifest.xml": "<manifest:encryption-data/>"})) == "locked"


def test_pdf_of_too_many_objects_is_refused(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_PDF_OBJECTS", 5)
    assert refusal("complexe.pdf", pdf(pages=10)) == "too_complex"


def test_what_is_no_jpeg_is_left_as_it_is():
    assert uploads.without_metadata(b"\x89PNG") == b"\x89PNG"


def test_encrypted_part_of_an_odt_is_refused():
    data = bytearray(odt({"Pictures/1.bin": b"x"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert refusal("secret.odt", bytes(data)) == "locked"


def test_book_is_refused():
    assert refusal("livre.pdf", pdf(pages=uploads.MAX_PAGES + 1)) == "too_complex"


# --- Photos ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photo_says_nothing_of_where_it_was_taken(kind):
    data = photo(kind)
    assert SECRET in data  # it did

    clean = uploads.clean("IMG_0042.HEIC.jpg", data)

    with Image.open(io.BytesIO(clean.content)) as image:
        assert (image.format, dict(image.getexif()), image.info.get("xmp")) == ("WEBP", {}, None)
    assert SECRET not in clean.content
    assert b"EXIF" not in clean.content
    assert (clean.kind, clean.name, clean.content_type) == ("photo", "IMG_0042.HEIC.webp", "image/webp")


def test_photo_keeps_the_side_it_was_taken_on():
    clean = uploads.clean("debout.jpg", photo(size=(400, 300), orientation=6))
    assert (clean.width, clean.height) == (300, 400)


def test_large_photo_is_reduced_and_a_small_one_is_not_enlarged():
    large = uploads.clean("grande.jpg", photo(size=(4000, 3000)))
    small = uploads.clean("petite.jpg", photo(size=(40, 30)))
    assert [(large.width, large.height), (small.width, small.height)] == [(1600, 1200), (40, 30)]


def test_transparent_image_stays_transparent():
    clean = uploads.clean("logo.png", encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"))
    with Image.open(io.BytesIO(clean.content)) as image:
        assert image.convert("RGBA").getpixel((5, 5))[3] == 0


def test_second_file_behind_a_photo_stays_behind():
    """A picture that is a script, a page or an archive as well."""
    for tail in (b"<script>alert(1)</script>" + SECRET, odt({"a.txt": SECRET})):
        clean = uploads.clean("double.jpg", photo() + tail)
        assert SECRET not in clean.content
        assert b"<script>" not in clean.content


def test_extension_follows_the_content():
    assert uploads.clean("facture.pdf", photo()).name == "facture.webp"
    assert uploads.clean("photo.jpg", pdf()).name == "photo.pdf"


# --- PDF -------------------------------------------------------------------------------------------------------------


def test_pdf_keeps_its_pages_and_loses_its_author():
    def sign(writer):
        writer.add_metadata({"/Author": SECRET.decode(), "/Producer": SECRET.decode()})

    clean = uploads.clean("note.pdf", pdf(sign, pages=3))
    reader = pypdf.PdfReader(io.BytesIO(clean.content))
    assert (len(reader.pages), reader.metadata, reader.xmp_metadata) == (3, None, None)
    assert SECRET not in clean.content


def test_pdf_loses_its_scripts_and_its_attachments():
    def arm(writer):
        script = DictionaryObject(
            {
                NameObject("/S"): NameObject("/JavaScript"),
                NameObject("/JS"): TextStringObject(f"app.alert('{SECRET.decode()}')"),
            }
        )
        named = ArrayObject([TextStringObject("x"), writer._add_object(script)])  # noqa: SLF001 (as an attacker would)
        scripts = DictionaryObject({NameObject("/Names"): named})
        writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/JavaScript"): scripts})
        writer.add_attachment("virus.exe", SECRET)
        action = DictionaryObject(
            {NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject(SECRET.decode())}
        )
        writer.root_object[NameObject("/OpenAction")] = action
        writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): action})

    armed = pdf(arm)
    assert SECRET in armed
    content = uploads.clean("arme.pdf", armed).content
    assert [
        word
        for word in (SECRET, b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/OpenAction")
        if word in content
    ] == []


def annotation(subtype, action):
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(subtype),
            NameObject("/Rect"): ArrayObject([]),
            NameObject("/A"): DictionaryObject(
                {NameObject("/S"): NameObject(action), NameObject("/URI"): TextStringObject("https://example.org")}
            ),
        }
    )


def test_pdf_keeps_its_links_and_loses_its_films_and_files():
    def annotate(writer):
        writer.pages[0][NameObject("/Annots")] = ArrayObject(
            [
                annotation("/Link", "/URI"),
                annotation("/Link", "/Launch"),
                annotation("/FileAttachment", "/URI"),
                annotation("/Movie", "/URI"),
            ]
        )

    reader = pypdf.PdfReader(io.BytesIO(uploads.clean("liens.pdf", pdf(annotate)).content))
    left = [(found.get_object()["/Subtype"], "/A" in found.get_object()) for found in reader.pages[0]["/Annots"]]
    assert left == [("/Link", True), ("/Link", False)]


def test_photo_inside_a_pdf_says_nothing_of_where_it_was_taken():
    """A telephone that « scans » to PDF puts its photo there as it is."""

    def scan(writer):
        picture = StreamObject()
        picture._data = photo()  # noqa: SLF001 (the encoded bytes)
        picture.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Image"),
                NameObject("/Filter"): ArrayObject([NameObject("/DCTDecode")]),
            }
        )
        images = DictionaryObject({NameObject("/Im0"): writer._add_object(picture)})  # noqa: SLF001 (no public way)
        writer.pages[0][NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): images})

    data = pdf(scan)
    assert SECRET in data
    content = uploads.clean("scan.pdf", data).content
    assert SECRET not in content
    assert b"JFIF" in content


def test_jpeg_without_metadata_is_the_same_picture():
    with (
        Image.open(io.BytesIO(uploads.without_metadata(photo()))) as stripped,
        Image.open(io.BytesIO(photo())) as whole,
    ):
        assert (stripped.tobytes(), dict(stripped.getexif())) == (whole.tobytes(), {})


def test_what_stands_before_and_after_a_pdf_is_left_out():
    content = uploads.clean("double.pdf", pdf() + b"\nPK\x03\x04" + SECRET).content
    assert SECRET not in content


# --- ODT -------------------------------------------------------------------------------------------------------------

MANIFEST = (
    '<manifest:manifest><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="Basic/Standard/Module1.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def test_odt_keeps_its_text_and_loses_macros_authors_and_previews():
    clean = uploads.clean(
        "lettre.odt",
        odt(
            {
                "meta.xml": f"<meta:initial-creator>{SECRET.decode()}</meta:initial-creator>",
                "Basic/Standard/Module1.xml": SECRET,
                "Scripts/python/a.py": SECRET,
                "Thumbnails/thumbnail.png": SECRET,
                "META-INF/manifest.xml": MANIFEST,
                "styles.xml": f'<x><dc:creator a="b">{SECRET.decode()}</dc:creator><office:scripts>{SECRET.decode()}</office:scripts></x>',
                "settings.xml": '<x><office:event-listeners/><a xlink:href="vnd.sun.star.script:x"/><a xlink:href="https://ville.example"/></x>',
                "Pictures/1.jpg": photo(),
            }
        ),
    )
    parts = parts_of(clean.content)
    assert (clean.kind, clean.content_type, clean.name) == ("document", uploads.ODT_TYPE, "lettre.odt")
    assert sorted(parts) == [
        "META-INF/manifest.xml",
        "Pictures/1.jpg",
        "content.xml",
        "meta.xml",
        "mimetype",
        "settings.xml",
        "styles.xml",
    ]
    assert [name for name, content in parts.items() if SECRET in content] == []
    assert b"Bonjour" in parts["content.xml"]
    assert b"Basic" not in parts["META-INF/manifest.xml"]
    assert b"content.xml" in parts["META-INF/manifest.xml"]
    assert parts["styles.xml"] == b'<x><dc:creator a="b"></dc:creator></x>'
    assert parts["settings.xml"] == b'<x><a xlink:href=""/><a xlink:href="https://ville.example"/></x>'


def test_odt_begins_with_its_type_as_word_processors_ask():
    assert uploads.clean("lettre.odt", odt()).content[30:38] == b"mimetype"


def test_path_that_climbs_out_of_the_archive_is_left_out():
    assert "../../evil" not in parts_of(uploads.clean("a.odt", odt({"../../evil": b"x", "/etc/x": b"y"})).content)


@pytest.mark.parametrize("cut", ["<office:scripts>", "<office:scripts"])
def test_script_that_is_not_closed_is_refused(cut):
    assert refusal("a.odt", odt({"styles.xml": f"<x>{cut}"})) == "damaged"


# --- Names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("école d’été.JPG", "école d’été.webp"),
        ("C:\\Users\\moi\\photo.jpg", "photo.webp"),
        ("../../etc/passwd", "passwd.webp"),
        ("a\u202egpj.exe", "agpj.webp"),
        ("<script>.png", "script.webp"),
        ("....", "fichier.webp"),
        ("", "fichier.webp"),
        (".htaccess", "htaccess.webp"),
        ("x" * 300 + ".png", "x" * uploads.NAME_LENGTH + ".webp"),
    ],
)
def test_name_keeps_what_can_be_read(given, kept):
    assert uploads.safe_name(given, ".webp") == kept
