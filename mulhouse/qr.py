"""QR codes as SVG, drawn here: nothing is fetched, nothing is told to anybody."""

import qrcode  # type: ignore[import-untyped] # the package has no types
from django.utils.html import format_html
from django.utils.safestring import SafeString

# A quiet margin of four modules is part of the code: without it some phones do not see it.
MARGIN = 4


def svg(text: str, *, label: str) -> SafeString:
    """Draw a QR code, black on white whatever the colours of the page; `label` is read to those who do not see it."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=MARGIN)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    # One run of black modules a segment: « M x y h length v 1 h -length z ».
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in _runs(row))
    return format_html(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{0}v{0}H0z"/><path fill="#000" d="{2}"/></svg>',
        len(matrix),
        label,
        path,
    )


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Give where each run of black modules begins, and its length."""
    runs: list[tuple[int, int]] = []
    for x, black in enumerate(row):
        if black and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif black:
            runs.append((x, 1))
    return runs
