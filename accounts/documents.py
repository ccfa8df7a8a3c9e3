"""What a proof of residence may be: judged by its first bytes, never by its name or by what the browser says of it."""

import io
import warnings

from PIL import Image, UnidentifiedImageError

LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_PIXELS = 60_000_000
SUFFIXES = {"PDF": ".pdf", "JPEG": ".jpg", "PNG": ".png"}
CONTENT_TYPES = {".pdf": "application/pdf", ".jpg": "image/jpeg", ".png": "image/png"}


def suffix_of(content: bytes) -> str:
    """Name the suffix that a document deserves.

    Shape: ".pdf", ".jpg" or ".png"; "" for anything else, damaged or too large to be opened.
    """
    if len(content) > LARGEST_BYTES:
        return ""
    if content.startswith(b"%PDF-"):
        return ".pdf" if b"%%EOF" in content[-2048:] else ""
    return SUFFIXES.get(_image_format(content), "")


def _image_format(content: bytes) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    return ""
                image.verify()
                return image.format or ""
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return ""
