"""What is given back to somebody, and what is left of them when they go."""

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import actions as accounts_actions
from consultations import actions, personal_data
from consultations.models import Attachment, Comment, CommentSupport, Contribution, ContributionVersion, Note, Position
from mulhouse.references import new_reference
from mulhouse.uploads import CleanFile
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def write(author, consultation, **fields):
    words = {"kind": "opinion", "title": "Un banc à l’ombre", "body": "Il fait chaud.", "signature": "name", **fields}
    return actions.save_draft(
        actor=author,
        consultation=consultation,
        reference=new_reference(),
        words=actions.Words(section=consultation.sections.first(), **words),
    )


def join(row, author, content=b"pixels"):
    upload = CleanFile("photo", "quai.webp", "image/webp", content, 4, 3)
    return actions.attach(
        actor=author, contribution=row, upload=upload, alt="Un quai", is_decorative=False, at=timezone.now()
    )


def publish(author, consultation, **fields):
    return actions.publish(actor=author, contribution=write(author, consultation, **fields), at=timezone.now())


def exported(model, user):
    return list(next(found for found in personal_data.HOLDINGS if found.model is model).export(user))


def close(user, capture):
    with capture(execute=True):
        accounts_actions.close_account(user=user)


def test_export_holds_one_s_own_words_and_files_only():
    user, other, consultation = f.make_resident(), f.make_resident(), f.make_consultation()
    row, theirs = publish(user, consultation, place="Quai du Fil"), publish(other, consultation)
    join(write(user, consultation, title="Un brouillon"), user)
    actions.comment(
        actor=user, contribution=theirs, reference=new_reference(), stance="for", body="Oui.", at=timezone.now()
    )
    actions.take_position(actor=user, contribution=theirs, choice="mixed", at=timezone.now())
    found = exported(Contribution, user)
    assert [(each["titre"], each["lieu"], each["publiee_le"] is None) for each in found] == [
        ("Un banc à l’ombre", "Quai du Fil", False),
        ("Un brouillon", "", True),
    ]
    assert found[0]["reference"] == row.reference
    assert [each["texte"] for each in exported(Comment, user)] == ["Oui."]
    assert exported(Position, user) == [{"contribution": theirs.reference, "position": "Mitigé"}]
    assert exported(Contribution, other)[0]["reference"] == theirs.reference
    assert exported(Position, other) == []
    comment = f.make_comment(contribution=row)
    actions.support_comment(actor=user, comment=comment, at=timezone.now())
    assert exported(CommentSupport, user) == [{"commentaire": comment.reference}]


def test_files_come_with_the_export_under_the_names_it_gives():
    user, consultation = f.make_resident(), f.make_consultation()
    join(write(user, consultation), user, b"les pixels")
    holding = next(found for found in personal_data.HOLDINGS if found.model is Contribution)
    files = [(name, content.read()) for name, content in holding.files(user)]
    assert files == [(exported(Contribution, user)[0]["fichiers"][0]["dans_l_archive"], b"les pixels")]


def test_words_of_internal_notes_stay_between_agents():
    """They are about residents: the agent who wrote one is told that it exists, and when."""
    agent, item = f.make_staff(), f.make_item(consultation=f.make_consultation(phase="analyse"))
    at = timezone.now()
    Note.objects.create(item=item, author=agent, body="Habite au 4, déjà reçu en mairie.", written_at=at)
    Note.objects.create(item=item, author=f.make_staff(), body="D’un autre.", written_at=at)
    assert exported(Note, agent) == [{"au_sujet_de": "un avis", "ecrite_le": at}]


def test_texts_stay_unsigned_and_drafts_go_with_their_files(django_capture_on_commit_callbacks):
    user, consultation = f.make_resident(public_name="Nadia B."), f.make_consultation()
    row = publish(user, consultation)
    kept = join(row, user)
    draft_file = join(write(user, consultation, title="Un brouillon"), user)
    comment = actions.comment(
        actor=user, contribution=row, reference=new_reference(), stance="for", body="Oui.", at=timezone.now()
    )

    close(user, django_capture_on_commit_callbacks)

    row.refresh_from_db()
    comment.refresh_from_db()
    assert (row.author, row.title, comment.author, comment.body) == (None, "Un banc à l’ombre", None, "Oui.")
    assert [attachment.pk for attachment in Attachment.objects.all()] == [kept.pk]
    assert Contribution.objects.count() == 1
    assert default_storage.exists(kept.file.name)
    assert not default_storage.exists(draft_file.file.name)


def test_what_was_withdrawn_is_emptied(django_capture_on_commit_callbacks):
    user, consultation = f.make_resident(), f.make_consultation()
    row = publish(user, consultation, place="Quai du Fil", usage_role="voisine")
    kept = join(row, user)
    actions.take_position(actor=f.make_resident(), contribution=row, choice="agree", at=timezone.now())
    actions.correct(
        actor=user,
        contribution=row,
        words=actions.Words(section=row.section, kind="opinion", title="Un autre titre", body="Oui.", signature="name"),
        at=timezone.now(),
    )
    actions.withdraw(actor=user, contribution=row, at=timezone.now())

    close(user, django_capture_on_commit_callbacks)

    row.refresh_from_db()
    assert (row.title, row.body, row.body_html, row.place, row.usage_role) == ("—", "—", "", "", "")
    assert (ContributionVersion.objects.count(), Attachment.objects.count()) == (0, 0)
    assert not default_storage.exists(kept.file.name)


@pytest.mark.parametrize(("phase", "left", "count"), [("contribute", 0, 0), ("analyse", 1, 1)])
def test_positions_are_withdrawn_while_it_is_open_and_unlinked_after(
    phase, left, count, django_capture_on_commit_callbacks
):
    """The count of a finished phase was published: it stays, without the person."""
    user = f.make_resident()
    row = f.make_contribution(consultation=f.make_consultation(phase=phase), agree_count=1)
    comment = f.make_comment(contribution=row, support_count=1)
    Position.objects.create(contribution=row, resident=user, choice="agree")
    CommentSupport.objects.create(comment=comment, resident=user)

    close(user, django_capture_on_commit_callbacks)

    row.refresh_from_db()
    comment.refresh_from_db()
    assert (row.agree_count, comment.support_count) == (count, count)
    assert list(Position.objects.values_list("resident", flat=True)) == [None] * left
    assert list(CommentSupport.objects.values_list("resident", flat=True)) == [None] * left
