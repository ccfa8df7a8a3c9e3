"""What the journeys have in common: a way to move, the code that came by mail, a photo with its secrets."""

import re
from io import BytesIO

from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from PIL import Image

from notifications.models import OutboundMail
from tests import factories

LATITUDE = 0x0002
GPS = 0x8825


def code_mailed_to(address):
    """Read the six digits of the last mail to an address."""
    mail = OutboundMail.objects.filter(to=address).latest("created_at")
    return re.search(r"\b\d{6}\b", mail.text).group()


def photo_with_a_place():
    """Make a JPEG that says where it was taken, as telephones do."""
    exif = Image.Exif()
    exif.get_ifd(GPS)[LATITUDE] = (47.0, 44.0, 50.0)
    exif[0x010F] = "Téléphone"
    file = BytesIO()
    Image.new("RGB", (1600, 900), "seagreen").save(file, "JPEG", exif=exif)
    assert b"Exif" in file.getvalue()
    return {"name": "IMG_1234.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def press(page, name, *, within=None):
    """Press the button of that name and wait for the page that answers."""
    (within or page).get_by_role("button", name=name).first.click()
    page.wait_for_load_state("networkidle")


def follow(page, name, *, within=None):
    """Follow the link of that name and wait for its page."""
    (within or page).get_by_role("link", name=name).first.click()
    page.wait_for_load_state("networkidle")


def sign_in(page, address, email, phone=None, *, password=factories.PASSWORD):
    """Open an address that asks who one is, answer, and end there.

    To leave for another page while the last answer is on its way would lose its session: this waits for the address.
    """
    page.goto(address)
    say_who(page, email, phone, password=password)
    page.wait_for_url(address)


def say_who(page, email, phone=None, *, password=factories.PASSWORD):
    """Fill the form that asks who one is, and for a code if one has a phone."""
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    press(page, "Se connecter", within=page.locator("main"))
    if phone is not None:
        page.get_by_label("Code de l’application").fill(phone.code())
        press(page, "Se connecter", within=page.locator("main"))


def heading(page):
    """Read the one h1."""
    titles = page.get_by_role("heading", level=1).all_inner_texts()
    assert len(titles) == 1, titles
    return titles[0]


class Phone:
    """The application of codes of somebody who holds a role."""

    def __init__(self, user):
        self.secret = generate_totp_secret()
        TOTP.activate(user, self.secret)

    def code(self):
        """Give the six digits it shows now."""
        counter = next(iter(yield_hotp_counters_from_time()))
        return format_hotp_value(hotp_value(self.secret, counter))
