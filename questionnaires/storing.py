"""The files that come with a response: in the storage before the transaction, which never waits for it, or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.core.files.base import ContentFile

from mulhouse.uploads import CleanFile
from questionnaires.models import Answer, ResponseFile


def file(question: int, upload: CleanFile) -> ResponseFile:
    """Put a cleaned file in the storage; its row is for the caller to write, or the file to take back."""
    kept = ResponseFile(
        question_id=question, name=upload.name, content_type=upload.content_type, size=len(upload.content)
    )
    kept.file.save(f"{kept.key}.{upload.name.rsplit('.', 1)[-1]}", ContentFile(upload.content), save=False)
    return kept


@contextmanager
def answers(uploads: Mapping[int, CleanFile]) -> Iterator[list[Answer]]:
    """Put cleaned files in the storage, question by question, for a response sent in this block; taken back when it is not.

    Shape: answers for `actions.submit_within`, whose files have no row yet.
    Raises: whatever the block raises, once the files are gone.
    """
    files: list[ResponseFile] = []
    try:
        for question, upload in uploads.items():
            files.append(file(question, upload))
        yield [Answer(question_id=kept.question_id, file=kept) for kept in files]
    except BaseException:
        for kept in files:
            kept.file.delete(save=False)
        raise
