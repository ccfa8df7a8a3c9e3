"""The files joined to contributions: in the storage before the transaction, which never waits for it, or not at all."""

from django.core.files.base import ContentFile

from consultations.models import Attachment
from mulhouse.uploads import CleanFile

# What moderation calls these files.
KIND = "image"


def attachment(upload: CleanFile, *, alt: str, is_decorative: bool) -> Attachment:
    """Put a cleaned file in the storage; its row is for the caller to write, or the file to take back."""
    kept = Attachment(
        kind=upload.kind,
        name=upload.name,
        alt=alt,
        is_decorative=is_decorative and upload.kind == "photo",
        content_type=upload.content_type,
        size=len(upload.content),
        width=upload.width,
        height=upload.height,
    )
    kept.file.save(f"{kept.key}.{upload.name.rsplit('.', 1)[-1]}", ContentFile(upload.content), save=False)
    return kept
