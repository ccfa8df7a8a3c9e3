"""What is written by those who answer: a draft, its files, the response that is sent.

Rows are locked in one order: the response, then the register. The register says that somebody answered a questionnaire:
neither who, nor what.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from city.models import District
from desk import people
from desk.models import Channel, Person
from mulhouse import ages
from mulhouse.db import assert_in_transaction
from mulhouse.errors import require
from mulhouse.typography import local_day
from mulhouse.uploads import CleanFile
from questionnaires import before, keys, results, rules, storing
from questionnaires.models import Answer, Question, Questionnaire, Response, ResponseFile
from transparency import purging, register

# An unfinished response is kept this long after the end, in case its person asks for it.
DRAFT_DAYS = 30

# What the service that holds a questionnaire writes beside a response that was just sent, or sent again.
Note = Callable[[Response], None]


# --- Drafts --------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def save_draft(
    *, user: Any, token: str, questionnaire: Questionnaire, typed: Mapping[str, Sequence[str]], at: dt.datetime
) -> Response:
    """Keep what was typed on a page, right or wrong; what was sent before stays as it was sent.

    Raises: RefusedError when the rule refuses; ValueError for somebody without an account and without a key.
    Locks: the response.
    """
    require(rules.answer_refusal(user, questionnaire, at=at))
    response = _own(questionnaire, user=user, token=token)
    response.draft = {**response.draft, **{name: list(values) for name, values in typed.items()}}
    response.save(update_fields=["draft", "saved_at"])
    return response


def _own(questionnaire: Questionnaire, *, user: Any, token: str) -> Response:
    """Find or begin the response of a person or of a key, and hold it until the end of the transaction."""
    if user.is_authenticated:
        return _of_person(questionnaire, people.of_user(user))
    return _of_key(questionnaire, token)


def _of_person(questionnaire: Questionnaire, person: Person) -> Response:
    return _held(Response.objects.get_or_create(questionnaire=questionnaire, person=person)[0])


def _of_key(questionnaire: Questionnaire, token: str) -> Response:
    if not token:
        raise ValueError("Somebody without an account needs a key.")
    return _held(Response.objects.get_or_create(questionnaire=questionnaire, token_hash=keys.hashed(token))[0])


def _held(response: Response) -> Response:
    rows: QuerySet[Response] = Response.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=response.pk)


def keep_file(
    *, user: Any, token: str, questionnaire: Questionnaire, question: Question, upload: CleanFile, at: dt.datetime
) -> ResponseFile:
    """Join a cleaned file to a draft, in place of the last one for this question.

    The file goes to the storage before the transaction, which never waits for it, and is taken back when the row is refused.

    Raises: RefusedError when the rule refuses.
    Locks: the response.
    """
    kept = storing.file(question.pk, upload)
    try:
        with transaction.atomic(durable=True):
            require(rules.answer_refusal(user, questionnaire, at=at))
            kept.response = _own(questionnaire, user=user, token=token)
            kept.save()
            response = kept.response
            # A file that was sent stays until another response is sent in its place.
            sent = Answer.objects.filter(response=response, question=question).values("file")
            _erase(ResponseFile.objects.filter(response=response, question=question).exclude(pk__in=[kept.pk]), sent)
            response.draft = {**response.draft, f"q{question.pk}": [str(kept.key)]}
            response.save(update_fields=["draft", "saved_at"])
    except BaseException:
        kept.file.delete(save=False)
        raise
    return kept


@transaction.atomic(durable=True)
def drop_file(*, user: Any, token: str, questionnaire: Questionnaire, question: Question, at: dt.datetime) -> None:
    """Take the file of a question out of a draft; repeating it is no error.

    Raises: RefusedError when the rule refuses.
    Locks: the response.
    """
    require(rules.answer_refusal(user, questionnaire, at=at))
    response = _own(questionnaire, user=user, token=token)
    sent = Answer.objects.filter(response=response, question=question).values("file")
    _erase(ResponseFile.objects.filter(response=response, question=question), sent)
    response.draft = {name: values for name, values in response.draft.items() if name != f"q{question.pk}"}
    response.save(update_fields=["draft", "saved_at"])


def _erase(files: QuerySet[ResponseFile], but: Any = None) -> None:
    """Erase rows now, and their files once that is certain."""
    gone = files if but is None else files.exclude(pk__in=but.exclude(file=None))
    for kept in list(gone):
        transaction.on_commit(partial(kept.file.storage.delete, str(kept.file.name)))
        kept.delete()


# --- Sending -------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def submit(
    *,
    user: Any,
    token: str,
    questionnaire: Questionnaire,
    answers: Iterable[Answer],
    at: dt.datetime,
    note: Note | None = None,
) -> Response:
    """Send a response from the web, or send it again in place of the last one.

    Shape: `answers` come from `PageForm.answers()`. `note` is called inside the transaction, before the register.
    Raises: RefusedError when the rule refuses.
    Locks: the response, then the register.
    """
    require(rules.answer_refusal(user, questionnaire, at=at))
    person = people.of_user(user) if user.is_authenticated else None
    return submit_within(
        questionnaire=questionnaire,
        answers=answers,
        person=person,
        token=token,
        district=user.district if user.is_authenticated else None,
        birth_year=user.birth_year if user.is_authenticated else None,
        at=at,
        note=note,
    )


def submit_within(  # noqa: PLR0913 (who answers, how, and what)
    *,
    questionnaire: Questionnaire,
    answers: Iterable[Answer],
    person: Person | None,
    at: dt.datetime,
    token: str = "",
    channel: str = Channel.WEB,
    district: District | None = None,
    birth_year: int | None = None,
    note: Note | None = None,
) -> Response:
    """Send a response inside the caller's transaction: for assisted entry, the person and the channel are the caller's.

    Raises: RefusedError when the questionnaire is not open.
    Locks: the response, then the register, so call it last.
    """
    assert_in_transaction()
    require(rules.window_refusal(questionnaire, at=at))
    response = _of_person(questionnaire, person) if person is not None else _of_key(questionnaire, token)
    is_first = response.submitted_at is None
    values = list(answers)
    if not is_first:
        _keep_before(response, at=at)
        response.resent_at = at
    Answer.objects.filter(response=response).delete()
    for value in values:
        value.response = response
        if value.file is not None and value.file_id is None:
            # Stored for this very response (`storing.answers`): its row is written with it.
            value.file.response = response
            value.file.save()
            value.file_id = value.file.pk
    Answer.objects.bulk_create(values)
    kept = [value.file_id for value in values if value.file_id is not None]
    _erase(ResponseFile.objects.filter(response=response).exclude(pk__in=kept))
    response.district = district or next((value.district for value in values if value.district is not None), None)
    response.age_band = ages.of_birth_year(birth_year, on=local_day(at)) if birth_year else ""
    if is_first:
        response.submitted_at, response.channel = at, channel
    changed = ["district", "age_band", "submitted_at", "resent_at", "before", "channel", "saved_at"]
    response.save(update_fields=changed)
    if note is not None:
        note(response)
    register.record(
        "questionnaire.answered" if is_first else "questionnaire.answer_changed",
        role=_role(person, channel),
        subject=questionnaire.reference,
    )
    return response


def _keep_before(response: Response, *, at: dt.datetime) -> None:
    """Keep what public results count of a response that is about to be sent again: they change at a midnight only."""
    row, first, last = response.questionnaire, response.submitted_at, response.resent_at or response.submitted_at
    until = results.shown_until(row, at=at) if row.shows_live_results else None
    if until is None or first is None or last is None or first >= until:
        response.before = None
    elif last < until:
        response.before = before.keep(response)


def _role(person: Person | None, channel: str) -> str:
    if channel != Channel.WEB:
        return "agent"
    return "visiteur" if person is None else "habitant"


# --- Showing a text ------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def show_text(*, actor: Any, answer: Answer, subject: str, at: dt.datetime) -> bool:
    """Let everybody read a free text, without a name: an agent has read it, and found nothing in it that says who wrote it.

    Shape: `subject` is the public reference of the opinion. False when it was shown already.
    Locks: the answer, then the register, which says neither what it says nor whose it is.
    """
    if not Answer.objects.free_texts().filter(pk=answer.pk, shown_at__isnull=True).update(shown_at=at):
        return False
    register.record("questionnaire.text_shown", role="agent", subject=subject, actor=actor)
    return True


@transaction.atomic(durable=True)
def hide_text(*, actor: Any, answer: Answer, subject: str) -> bool:
    """Take a free text back from the public pages.

    Shape: False when it was not shown.
    Locks: as `show_text`.
    """
    if not Answer.objects.free_texts().filter(pk=answer.pk, shown_at__isnull=False).update(shown_at=None):
        return False
    register.record("questionnaire.text_hidden", role="agent", subject=subject, actor=actor)
    return True


# --- Tidying -------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def tidy(*, at: dt.datetime) -> int:
    """Erase what nobody sent, once a questionnaire has been over for DRAFT_DAYS, and the working copies of what was sent.

    Of one that was cancelled everything goes: nobody will read it.

    Shape: the number of responses erased. A line on the register when something went: how much of each, never whose.
    """
    before = at - dt.timedelta(days=DRAFT_DAYS)
    over = Questionnaire.objects.closed(at=before)
    sent = Response.objects.sent().filter(questionnaire__in=over)
    copies = sent.exclude(draft={}, before=None).update(draft={}, before=None)
    left = Response.objects.filter(questionnaire__in=over, submitted_at__isnull=True)
    count = _erase_responses(left | Response.objects.filter(questionnaire__cancelled_at__lt=before))
    purging.note(reponses=count, copies_de_travail=copies)
    return count


def _erase_responses(responses: QuerySet[Response]) -> int:
    _erase(ResponseFile.objects.filter(response__in=responses))
    return responses.delete()[1].get("questionnaires.Response", 0)


def erase_responses(*, user: User) -> None:
    """Let go of a person whose account closes: what was sent stays without any link to them, the rest is erased.

    The key that takes the person's place is drawn and forgotten: nobody can open the response again.
    """
    assert_in_transaction()
    mine = Response.objects.filter(person__user=user)
    _erase_responses(mine.filter(submitted_at__isnull=True))
    for response in mine.order_by("pk"):
        response.person, response.token_hash, response.draft = None, keys.hashed(keys.new()), {}
        response.save(update_fields=["person", "token_hash", "draft", "saved_at"])
