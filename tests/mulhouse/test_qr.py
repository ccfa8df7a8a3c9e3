import re

import qrcode

from mulhouse import qr


def test_the_drawing_is_the_code_and_names_itself():
    text = "https://participation.example/concertations/place-hauger/"
    drawn = qr.svg(text, label="Code « d’ici »")
    assert 'aria-label="Code « d’ici »"' in drawn
    assert " style=" not in drawn
    size = int(re.search(r'viewBox="0 0 (\d+) ', drawn)[1])
    black = set()
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawn):
        black |= {(int(x) + step, int(y)) for step in range(int(length))}
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=qr.MARGIN)
    code.add_data(text)
    code.make(fit=True)
    expected = {(x, y) for y, row in enumerate(code.get_matrix()) for x, on in enumerate(row) if on}
    assert (size, black) == (len(code.get_matrix()), expected)


def test_the_label_is_escaped():
    assert "<b>" not in qr.svg("x", label="<b>")
