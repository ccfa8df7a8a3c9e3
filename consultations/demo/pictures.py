"""The pictures of the demonstration: plain drawings of places, in the colours of printed cotton.

Nothing is photographed nor fetched: each picture is a few shapes, so that anybody may reuse it.
"""

import io
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1200, 800
# Drawn twice as large, then reduced: the edges come out smooth.
SCALE = 2
QUALITY = 82

CLOTH, INK = "#f6efe2", "#2b2a3a"
MADDER, INDIGO, WELD, RESEDA = "#a3243b", "#2c3f8f", "#e0a526", "#5d7a3a"
SKY, WATER, STONE, EARTH, BARK, LEAF = "#d9e6ee", "#7fa8c9", "#cfc6b8", "#b98d62", "#6b4a34", "#7f9f52"

Point = tuple[float, float]


class Sheet:
    """A sheet to draw on, in pixels of the finished picture."""

    def __init__(self, ground: str) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), ground)
        self._draw = ImageDraw.Draw(self.image)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, radius: float = 0) -> None:
        """Draw a rectangle, its corners rounded by `radius`."""
        self._draw.rounded_rectangle(_scaled((left, top, right, bottom)), radius * SCALE, fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """Draw a disc."""
        self._draw.ellipse(_scaled((x - radius, y - radius, x + radius, y + radius)), fill=fill)

    def ring(self, x: float, y: float, radius: float, ink: str, width: float) -> None:
        """Draw a circle."""
        self._draw.ellipse(
            _scaled((x - radius, y - radius, x + radius, y + radius)), outline=ink, width=round(width * SCALE)
        )

    def shape(self, points: Sequence[Point], fill: str) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def line(self, points: Sequence[Point], ink: str, width: float) -> None:
        """Draw a broken line."""
        self._draw.line(
            [(x * SCALE, y * SCALE) for x, y in points], fill=ink, width=round(width * SCALE), joint="curve"
        )

    def tree(self, x: float, foot: float, size: float, leaf: str = LEAF) -> None:
        """Draw a tree by its foot."""
        self.box(x - size * 0.06, foot - size * 0.55, x + size * 0.06, foot, BARK)
        for dx, dy, radius in ((0, 0.82, 0.34), (-0.22, 0.66, 0.26), (0.22, 0.66, 0.26), (0, 0.56, 0.26)):
            self.disc(x + dx * size, foot - dy * size, radius * size, leaf)

    def crown(self, x: float, y: float, radius: float) -> None:
        """Draw a tree seen from above."""
        self.disc(x, y, radius, LEAF)
        self.disc(x, y, radius * 0.62, RESEDA)
        self.disc(x, y, radius * 0.12, BARK)

    def person(self, x: float, foot: float, size: float, coat: str) -> None:
        """Draw somebody standing."""
        self.shape(
            (
                (x - size * 0.2, foot),
                (x + size * 0.2, foot),
                (x + size * 0.12, foot - size * 0.7),
                (x - size * 0.12, foot - size * 0.7),
            ),
            coat,
        )
        self.disc(x, foot - size * 0.86, size * 0.15, EARTH)

    def bench(self, x: float, foot: float, width: float) -> None:
        """Draw a bench with its back and arms."""
        for at in (x + 8, x + width - 16):
            self.box(at, foot - 40, at + 8, foot, INK)
        self.box(x, foot - 46, x + width, foot - 34, BARK)
        self.box(x, foot - 84, x + width, foot - 62, BARK)

    def bicycle(self, x: float, foot: float, size: float) -> None:
        """Draw a bicycle by its back wheel."""
        back, front, saddle, handle = (
            (x, foot - size),
            (x + 2.6 * size, foot - size),
            (x + 0.8 * size, foot - 2.5 * size),
            (x + 2.2 * size, foot - 2.7 * size),
        )
        for wheel in (back, front):
            self.ring(*wheel, size, INK, 5)
        self.line((back, (x + 1.1 * size, foot - size), handle, saddle, (x + 1.1 * size, foot - size)), MADDER, 6)
        self.line((back, saddle), MADDER, 6)
        self.line((front, handle), MADDER, 6)


def _scaled(values: Sequence[float]) -> list[float]:
    return [value * SCALE for value in values]


def _canal(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, 330, SKY)
    sheet.box(0, 330, WIDTH, 560, STONE)
    sheet.box(0, 560, WIDTH, HEIGHT, WATER)
    sheet.box(0, 548, WIDTH, 572, "#a89d8c")
    for row, shift in ((620, 0), (680, 90), (740, 30)):
        for x in range(-60 + shift, WIDTH, 260):
            sheet.line(((x, row), (x + 60, row - 8), (x + 120, row)), CLOTH, 4)
    for x in (120, 420, 980):
        sheet.tree(x, 430, 330)
    sheet.bench(600, 470, 190)
    sheet.bicycle(830, 530, 42)


def _courtyard(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, 300, SKY)
    sheet.box(0, 110, WIDTH, 420, "#e7d4bd")
    for x in range(60, WIDTH, 180):
        sheet.box(x, 170, x + 100, 290, INDIGO, 8)
        sheet.line(((x + 50, 170), (x + 50, 290)), CLOTH, 6)
    sheet.box(0, 420, WIDTH, HEIGHT, "#d8b98c")
    for x, y, radius in ((330, 640, 190), (860, 610, 150)):
        sheet.disc(x, y, radius, EARTH)
    for x, foot, size in ((250, 620, 380), (640, 560, 300), (1010, 640, 400)):
        sheet.tree(x, foot, size)
    sheet.ring(640, 650, 96, BARK, 22)
    for x, foot, coat in ((470, 720, MADDER), (545, 735, WELD), (820, 730, INDIGO)):
        sheet.person(x, foot, 110, coat)


def _library(sheet: Sheet) -> None:
    sheet.box(0, 600, WIDTH, HEIGHT, "#d9c3a1")
    colours = (MADDER, INDIGO, WELD, RESEDA, INK, EARTH)
    for shelf in range(3):
        top = 110 + shelf * 150
        sheet.box(60, top + 118, WIDTH - 60, top + 130, BARK)
        for number in range(52):
            height = 70 + (number * 37 + shelf * 11) % 44
            left = 70 + number * 20.4
            sheet.box(left, top + 118 - height, left + 16, top + 118, colours[(number * 5 + shelf) % 6])
    sheet.shape(((260, 640), (940, 640), (1060, 720), (140, 720)), BARK)
    for x in (250, 930):
        sheet.box(x, 720, x + 18, HEIGHT, BARK)
    sheet.line(((600, 640), (600, 540)), INK, 8)
    sheet.shape(((530, 545), (670, 545), (636, 480), (564, 480)), WELD)
    for x, coat in ((380, INDIGO), (800, MADDER)):
        sheet.person(x, 690, 180, coat)


def _park(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, 340, SKY)
    sheet.box(430, 150, 760, 360, "#e7d4bd")
    sheet.shape(((400, 160), (790, 160), (595, 50)), MADDER)
    for x in (470, 570, 670):
        sheet.box(x, 210, x + 50, 290, INDIGO)
    sheet.box(0, 340, WIDTH, HEIGHT, LEAF)
    sheet.shape(
        ((520, HEIGHT), (760, HEIGHT), (700, 600), (780, 480), (640, 345), (600, 345), (690, 490), (590, 610)),
        "#e6d3ac",
    )
    for x, foot in ((100, 470), (250, 440), (170, 600), (1000, 470), (1120, 560), (960, 640)):
        sheet.tree(x, foot, 190, RESEDA)
        sheet.disc(x - 26, foot - 130, 9, MADDER)
        sheet.disc(x + 30, foot - 110, 9, WELD)
    sheet.bench(330, 700, 170)


def _fresco(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, HEIGHT, SKY)
    sheet.shape(((300, 220), (600, 60), (900, 220), (900, HEIGHT), (300, HEIGHT)), "#e7d4bd")
    for x, y, radius, colour in (
        (430, 330, 90, MADDER),
        (640, 300, 120, WELD),
        (800, 430, 80, INDIGO),
        (520, 540, 130, RESEDA),
        (740, 620, 90, MADDER),
    ):
        sheet.disc(x, y, radius, colour)
    for x in (960, 1080):
        sheet.line(((x, 140), (x, HEIGHT)), INK, 8)
    for y in range(180, HEIGHT, 130):
        sheet.line(((940, y), (1100, y)), BARK, 14)
        sheet.line(((960, y), (1080, y + 130)), INK, 4)
    sheet.person(1020, 440, 110, MADDER)


def _square(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, HEIGHT, "#e6d3ac")
    for x in range(70, WIDTH, 118):
        sheet.crown(x, 210, 50)
    for number, x in enumerate(range(230, 860, 160)):
        sheet.box(x, 300, x + 110, 380, (MADDER, INDIGO, WELD, RESEDA)[number], 6)
        for stripe in range(0, 110, 28):
            sheet.box(x + stripe, 300, x + stripe + 12, 380, CLOTH)
    sheet.disc(880, 540, 110, LEAF)
    sheet.ring(380, 560, 80, INDIGO, 12)
    for x, y, coat in ((360, 545, MADDER), (402, 580, WELD), (600, 520, INDIGO), (650, 600, MADDER), (860, 520, WELD)):
        sheet.disc(x, y, 16, coat)


def _pontoon(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, 260, SKY)
    sheet.box(0, 260, WIDTH, 400, STONE)
    sheet.box(0, 400, WIDTH, HEIGHT, WATER)
    sheet.shape(((180, 400), (820, 400), (820, 470), (180, 470)), EARTH)
    sheet.shape(((180, 490), (980, 490), (980, 560), (180, 560)), EARTH)
    for x in range(180, 820, 52):
        sheet.line(((x, 400), (x, 470)), BARK, 3)
    for x in range(180, 980, 52):
        sheet.line(((x, 490), (x, 560)), BARK, 3)
    for x, coat in ((330, MADDER), (500, WELD), (760, INDIGO)):
        sheet.person(x, 500, 120, coat)


def _barge(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, 420, SKY)
    sheet.box(0, 420, WIDTH, 520, STONE)
    sheet.box(0, 520, WIDTH, HEIGHT, WATER)
    sheet.shape(((140, 540), (1060, 540), (980, 680), (240, 680)), INK)
    for x in range(300, 900, 60):
        sheet.disc(x, 540, 44, "#4b4a55")
    sheet.box(900, 460, 1000, 545, MADDER)
    sheet.line(((220, 430), (220, 130), (560, 90)), BARK, 18)
    sheet.line(((220, 250), (400, 112)), BARK, 12)
    sheet.line(((540, 96), (540, 330)), INK, 5)
    sheet.box(505, 330, 575, 390, BARK)


def _kiosk(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, 560, SKY)
    sheet.box(0, 560, WIDTH, HEIGHT, STONE)
    sheet.tree(820, 640, 560)
    sheet.box(320, 320, 640, 640, RESEDA)
    sheet.shape(((270, 330), (690, 330), (600, 220), (360, 220)), "#3f5a2a")
    sheet.box(360, 390, 600, 500, "#3f5a2a", 6)
    for y in range(400, 500, 22):
        sheet.line(((364, y), (596, y)), RESEDA, 4)
    sheet.box(360, 540, 600, 556, BARK)


def _sails(sheet: Sheet) -> None:
    sheet.box(0, 0, WIDTH, 420, SKY)
    sheet.box(0, 420, WIDTH, HEIGHT, "#e6d3ac")
    for x in (90, 400, 800, 1110):
        sheet.line(((x, 120), (x, 620)), BARK, 14)
    sheet.shape(((90, 130), (400, 130), (330, 290), (170, 310)), MADDER)
    sheet.shape(((400, 130), (800, 130), (700, 320), (500, 290)), WELD)
    sheet.shape(((800, 130), (1110, 130), (1040, 300), (880, 310)), MADDER)
    for left, right in ((150, 380), (470, 760), (840, 1060)):
        sheet.shape(((left, 640), (right, 640), (right - 50, 700), (left + 50, 700)), EARTH)
    for x, coat in ((260, INDIGO), (600, RESEDA), (960, INDIGO)):
        sheet.person(x, 670, 130, coat)


def _round_bench(sheet: Sheet) -> None:
    sheet.box(60, 60, 1140, 740, "#d8b98c", 20)
    sheet.ring(470, 400, 190, BARK, 34)
    sheet.crown(470, 400, 140)
    sheet.box(860, 150, 1080, 650, STONE, 10)
    sheet.ring(970, 400, 56, CLOTH, 6)
    sheet.line(((860, 400), (1080, 400)), CLOTH, 6)
    for x, y, coat in (
        (300, 300, MADDER),
        (330, 540, WELD),
        (470, 610, INDIGO),
        (650, 500, MADDER),
        (950, 300, INDIGO),
        (1000, 520, WELD),
    ):
        sheet.disc(x, y, 18, coat)


def _sign(sheet: Sheet) -> None:
    sheet.box(560, 640, 640, HEIGHT, INK)
    sheet.box(300, 50, 900, 660, INDIGO, 24)
    for row in range(5):
        top = 80 + row * 114
        sheet.box(330, top, 870, top + 94, CLOTH, 12)
        sheet.line(((770, top + 50), (795, top + 74), (840, top + 24)), RESEDA, 12)
    sheet.person(420, 168, 80, MADDER)
    sheet.bicycle(390, 280, 22)
    sheet.box(380, 336, 470, 372, WELD, 8)
    for x in (398, 452):
        sheet.disc(x, 374, 11, INK)
    sheet.box(412, 426, 436, 502, MADDER)
    sheet.box(386, 452, 462, 476, MADDER)
    sheet.ring(425, 592, 24, INK, 6)
    sheet.line(((415, 545), (415, 580), (446, 580), (458, 612)), INK, 7)
    sheet.disc(415, 540, 9, INK)


def _bean(sheet: Sheet) -> None:
    sheet.box(80, 80, 1120, 720, LEAF, 16)
    for x, y, radius in ((330, 300, 170), (480, 390, 170), (430, 520, 150), (280, 240, 130)):
        sheet.disc(x, y, radius, "#3f5a2a")
    for x, y in ((250, 230), (340, 300), (420, 380), (500, 420), (450, 520), (300, 360), (380, 470)):
        sheet.crown(x, y, 36)
    sheet.line(((150, 420), (300, 400), (400, 330), (520, 330), (640, 470)), "#e6d3ac", 20)
    for x in (700, 1040):
        sheet.box(x, 340, x + 14, 460, CLOTH)


_DRAWINGS: dict[str, Callable[[Sheet], None]] = {
    "canal": _canal,
    "cour": _courtyard,
    "bibliotheque": _library,
    "parc": _park,
    "fresque": _fresco,
    "place": _square,
    "ponton": _pontoon,
    "peniche": _barge,
    "kiosque": _kiosk,
    "voiles": _sails,
    "banc-rond": _round_bench,
    "panneau": _sign,
    "haricot": _bean,
}


def draw(name: str) -> bytes:
    """Draw a picture.

    Shape: WebP of WIDTH by HEIGHT pixels, the same bytes each time.
    Raises: KeyError for a drawing that does not exist.
    """
    sheet = Sheet(CLOTH)
    _DRAWINGS[name](sheet)
    written = io.BytesIO()
    sheet.image.reduce(SCALE).save(written, "WEBP", quality=QUALITY, method=1)
    return written.getvalue()
