"""The photos of the news: recognised by their content, encoded anew, put in the storage before the row that names them."""

import hashlib
import uuid
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from mulhouse.uploads import CleanFile

FOLDER = "engagements"


@dataclass(frozen=True)
class Photo:
    """A picture in the storage, and the words that stand for it."""

    name: str
    alt: str
    width: int | None = None
    height: int | None = None
    sha256: str = ""


def store(file: CleanFile, *, alt: str, folder: str = FOLDER) -> Photo:
    """Put a cleaned picture in the storage; call `discard` when the action fails."""
    name = default_storage.save(f"{folder}/{uuid.uuid4().hex}.webp", ContentFile(file.content))
    return Photo(
        name=name, alt=alt, width=file.width, height=file.height, sha256=hashlib.sha256(file.content).hexdigest()
    )


def discard(photo: Photo | None) -> None:
    """Take a picture out of the storage."""
    if photo is not None:
        default_storage.delete(photo.name)
