"""Sending files: their type is ours, never guessed by the browser, and nothing in them may act on the site."""

import mimetypes
from typing import Any

from django.http import FileResponse, Http404

SEALED = "default-src 'none'; sandbox"
LONG = 365 * 24 * 3600


def downloaded(file: Any, *, name: str, content_type: str) -> FileResponse:
    """Send a file to be saved, under a readable name."""
    return _sent(file, name=name, content_type=content_type, as_attachment=True, cache="private, no-cache")


def shown(file: Any, *, content_type: str = "", seconds: int = 0) -> FileResponse:
    """Send a picture that we encoded, to be shown; kept by the browser where its address changes with it."""
    kind = content_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    cache = f"public, max-age={seconds}, immutable" if seconds else "private, no-cache"
    return _sent(file, name="", content_type=kind, as_attachment=False, cache=cache)


def _sent(file: Any, *, name: str, content_type: str, as_attachment: bool, cache: str) -> FileResponse:
    try:
        opened = file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(opened, as_attachment=as_attachment, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SEALED
    response["Cache-Control"] = cache
    return response
