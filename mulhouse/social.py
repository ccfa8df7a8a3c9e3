"""The picture shown when somebody shares a page: its title, beside a printed-cotton motif. Drawn once, at publication."""

import hashlib
import io
from functools import cache
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
ASSETS = Path(__file__).resolve().parent.parent / "static"
# Ground and ink of each motif, as in static/css/site.css (tissu--…).
CLOTHS = {
    "eau": ("#2a3483", "#8e9ce0"),
    "feuille": ("#145236", "#7fc6a1"),
    "maille": ("#7a4f00", "#f0b93f"),
    "indienne": ("#8f1230", "#e98ea1"),
}
PAGE, INK, MUTED, MADDER, PALE = "#fbf8f3", "#1d1826", "#655d70", "#b3183a", "#f3b6c1"
MARGIN, CLOTH_LEFT, BRAID = 72, 860, 28
TITLE_SIZES = (76, 68, 60, 54, 48)
MAX_LINES = 6


def kept_preview(title: str, motif: str, *, site_name: str) -> bytes:
    """Read the picture of a title, or draw it and keep it beside the uploaded files."""
    drawn_from = f"{title}\n{motif}\n{site_name}"
    name = f"apercus/{hashlib.sha256(drawn_from.encode()).hexdigest()[:20]}.png"
    try:
        with default_storage.open(name) as kept:
            return bytes(kept.read())
    except FileNotFoundError:
        picture = preview_png(title, motif, site_name=site_name)
    saved = default_storage.save(name, ContentFile(picture))
    if saved != name:  # drawn by somebody else at the same moment
        default_storage.delete(saved)
    return picture


def preview_png(title: str, motif: str, *, site_name: str = "Mulhouse participe") -> bytes:
    """Draw a preview of 1200 × 630 pixels.

    Shape: PNG with a palette, under 60 kB; a title too long for six lines ends in « … »; an unknown motif is the « indienne ».
    """
    ground, ink = CLOTHS.get(motif, CLOTHS["indienne"])
    image = Image.new("RGB", SIZE, PAGE)
    draw = ImageDraw.Draw(image)
    _lay_cloth(image, (CLOTH_LEFT, 0, *SIZE), motif if motif in CLOTHS else "indienne", ground, ink)
    _lay_cloth(image, (0, 0, CLOTH_LEFT, BRAID), "galon", "#8f1230", PALE)
    font, lines = _fit(title, CLOTH_LEFT - 2 * MARGIN)
    step = round(font.size * 1.12)
    top = BRAID + (SIZE[1] - BRAID - 150 - step * len(lines)) // 2 + 16
    for number, line in enumerate(lines):
        draw.text((MARGIN, top + number * step), line, font=font, fill=INK)
    _sign(image, draw, site_name)
    out = io.BytesIO()
    image.quantize(128, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _lay_cloth(image: Image.Image, box: tuple[int, int, int, int], motif: str, ground: str, ink: str) -> None:
    left, top, right, bottom = box
    tile = _mask(motif)
    cloth = Image.new("L", (right - left, bottom - top), 0)
    for x in range(0, cloth.width, tile.width):
        for y in range(0, cloth.height, tile.height):
            cloth.paste(tile, (x, y))
    image.paste(ground, box)
    image.paste(Image.new("RGB", cloth.size, ink), (left, top), cloth)


def _sign(image: Image.Image, draw: ImageDraw.ImageDraw, site_name: str) -> None:
    wheel = _mask("roue").resize((72, 72), Image.Resampling.LANCZOS)
    base = SIZE[1] - MARGIN - wheel.height
    image.paste(Image.new("RGB", wheel.size, MADDER), (MARGIN, base), wheel)
    draw.text((MARGIN + 94, base + 2), site_name, font=_font("bricolage-grotesque", 32, 800), fill=INK)
    draw.text((MARGIN + 94, base + 42), "Ville de Mulhouse", font=_font("public-sans", 24, 500), fill=MUTED)


def _fit(title: str, width: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Choose the largest size at which the title fits; cut it only at the smallest."""
    for size in TITLE_SIZES:
        font = _font("bricolage-grotesque", size, 700)
        lines = _wrap(title, font, width)
        if len(lines) * size <= 330:  # noqa: PLR2004 (pixels left between the braid and the mark)
            return font, lines
    lines = lines[:MAX_LINES]
    lines[-1] = lines[-1].rstrip(" ,;:.") + "…"
    return font, lines


def _wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    # Split on plain spaces only: what a no-break space holds together stays together.
    for word in text.split(" "):
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


@cache
def _mask(name: str) -> Image.Image:
    with Image.open(ASSETS / "img" / "apercu" / f"{name}.png") as picture:
        return picture.convert("L")


@cache
def _font(family: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(ASSETS / "fonts" / f"{family}-latin-wght-normal.woff2", size)
    font.set_variation_by_axes([weight])
    return font
