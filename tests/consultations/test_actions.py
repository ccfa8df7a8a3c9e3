"""What residents write: stored once, counted, and said on the register; refused with its sentence."""

import datetime as dt
import json

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Consent
from consultations import actions
from consultations.models import (
    Attachment,
    Comment,
    CommentSupport,
    Contribution,
    ContributionVersion,
    Position,
)
from mulhouse import charter
from mulhouse.errors import DomainError, RefusedError
from mulhouse.references import new_reference
from mulhouse.uploads import CleanFile
from notifications.models import OutboundMail, Subscription
from tests import factories as f
from transparency.models import LineActor, RegisterLine

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def words(section, **fields):
    given = {
        "kind": "opinion",
        "title": "Un banc à l’ombre",
        "body": "Il fait **chaud**.",
        "signature": "name",
        **fields,
    }
    return actions.Words(section=section, **given)


def again(row):
    return type(row).objects.get(pk=row.pk)


def lines():
    """The register as published: act, subject, facts; the person is never in it."""
    return [
        (line.act, line.subject, json.loads(line.content)["faits"]) for line in RegisterLine.objects.order_by("number")
    ]


def counts(row):
    row = again(row)
    return (row.agree_count, row.mixed_count, row.disagree_count, row.comment_count, row.for_count, row.against_count)


def totals(consultation):
    consultation = again(consultation)
    sections = consultation.sections.order_by("position").values_list("contribution_count", flat=True)
    return consultation.contribution_count, consultation.comment_count, list(sections)


def refused(call, **arguments):
    before = RegisterLine.objects.count()
    with pytest.raises(RefusedError) as caught:
        call(**arguments)
    assert RegisterLine.objects.count() == before
    return caught.value.code


def photo(name="quai.webp", content=b"pixels"):
    return CleanFile("photo", name, "image/webp", content, 40, 30)


@pytest.fixture
def place():
    """A consultation of two sections, and somebody who lives in Mulhouse."""
    consultation = f.make_consultation(sections=2)
    return consultation, consultation.sections.first(), f.make_resident()


def draft_of(place, **fields):
    consultation, section, author = place
    return actions.save_draft(
        actor=author, consultation=consultation, reference=new_reference(), words=words(section, **fields)
    )


def publish(place, **fields):
    return actions.publish(actor=place[2], contribution=draft_of(place, **fields), at=timezone.now())


# --- Drafts --------------------------------------------------------------------------------------------------------


def test_draft_keeps_what_is_not_finished_and_says_nothing_in_public(place):
    consultation, _section, author = place
    draft = actions.save_draft(
        actor=author, consultation=consultation, reference="DRAFT123", words=words(None, title="", body="")
    )
    assert (draft.published_at, draft.title, draft.section_id, draft.author) == (None, "", None, author)
    assert (lines(), totals(consultation), OutboundMail.objects.count()) == ([], (0, 0, [0, 0]), 0)


def test_same_reference_is_the_same_draft(place):
    consultation, section, author = place
    for title in ("Un banc à l’ombre", "Deux bancs à l’ombre"):
        actions.save_draft(
            actor=author, consultation=consultation, reference="DRAFT123", words=words(section, title=title)
        )
    assert [row.title for row in Contribution.objects.all()] == ["Deux bancs à l’ombre"]


def test_draft_of_somebody_else_is_refused(place):
    consultation, section, _author = place
    draft = draft_of(place)
    arguments = {"actor": f.make_resident(), "consultation": consultation, "words": words(section, title="À moi")}
    assert refused(actions.save_draft, reference=draft.reference, **arguments) == "not_author"
    assert again(draft).title == "Un banc à l’ombre"


def test_published_text_is_not_saved_as_a_draft_again(place):
    consultation, section, author = place
    row = publish(place)
    arguments = {"actor": author, "consultation": consultation, "words": words(section, title="Autre chose")}
    assert refused(actions.save_draft, reference=row.reference, **arguments) == "published"


def test_discarding_erases_the_draft_and_its_files(place, django_capture_on_commit_callbacks):
    draft = draft_of(place)
    kept = actions.attach(
        actor=place[2], contribution=draft, upload=photo(), alt="Un quai", is_decorative=False, at=timezone.now()
    )
    with django_capture_on_commit_callbacks(execute=True):
        actions.discard_draft(actor=place[2], contribution=draft)
    actions.discard_draft(actor=place[2], contribution=draft)  # again: no error
    assert (Contribution.objects.count(), Attachment.objects.count()) == (0, 0)
    assert not default_storage.exists(kept.file.name)


def test_discarding_is_for_one_s_own_drafts(place):
    draft, published = draft_of(place), publish(place)
    assert refused(actions.discard_draft, actor=f.make_resident(), contribution=draft) == "not_author"
    assert refused(actions.discard_draft, actor=place[2], contribution=published) == "published"


# --- Files ---------------------------------------------------------------------------------------------------------


def attach(row, actor, **fields):
    given = {"upload": photo(), "alt": "Un quai", "is_decorative": False, "at": timezone.now(), **fields}
    return actions.attach(actor=actor, contribution=row, **given)


def test_three_files_at_most_and_a_place_that_is_left_is_taken(place, django_capture_on_commit_callbacks):
    draft, author = draft_of(place), place[2]
    first, _second, _third = (attach(draft, author) for _ in range(3))
    with pytest.raises(DomainError) as caught:
        attach(draft, author)
    assert caught.value.code == "too_many"
    assert len(default_storage.listdir("contributions")[1]) == 3  # the fourth was taken back
    with django_capture_on_commit_callbacks(execute=True):
        actions.detach(actor=author, attachment=first, at=timezone.now())
    assert attach(draft, author).position == 1
    assert len(default_storage.listdir("contributions")[1]) == 3


def test_file_has_a_name_of_its_own_in_the_storage(place):
    kept = attach(draft_of(place), place[2], upload=photo("../../secret.webp"))
    assert kept.file.name == f"contributions/{kept.key}.webp"


def test_files_are_for_the_author_and_leave_nothing_when_refused(place):
    draft = draft_of(place)
    arguments = {"upload": photo(), "alt": "", "is_decorative": True, "at": timezone.now()}
    assert refused(actions.attach, actor=f.make_resident(), contribution=draft, **arguments) == "not_author"
    assert default_storage.listdir("contributions")[1] == []


def test_files_change_until_the_first_reaction(place):
    row, author, at = publish(place), place[2], timezone.now()
    kept = attach(row, author)
    Contribution.objects.filter(pk=row.pk).update(agree_count=1)
    arguments = {"upload": photo(), "alt": "", "is_decorative": True, "at": at}
    assert refused(actions.attach, actor=author, contribution=row, **arguments) == "reacted"
    assert refused(actions.detach, actor=author, attachment=kept, at=at) == "reacted"
    assert [act for act, _, _ in lines()] == ["contribution.published", "contribution.corrected"]


def test_file_taken_away_from_a_published_text_is_said_once(place, django_capture_on_commit_callbacks):
    row, author, at = publish(place), place[2], timezone.now()
    kept = attach(row, author)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            actions.detach(actor=author, attachment=kept, at=at)
    assert [act for act, _, _ in lines()] == [
        "contribution.published",
        "contribution.corrected",
        "contribution.corrected",
    ]
    assert not default_storage.exists(kept.file.name)


def test_only_a_photo_is_decorative(place):
    draft, author = draft_of(place), place[2]
    document = CleanFile("document", "plan.pdf", "application/pdf", b"%PDF-")
    assert attach(draft, author, upload=document, alt="", is_decorative=True).is_decorative is False
    assert attach(draft, author, alt="", is_decorative=True).is_decorative is True


def test_words_of_a_photo_change_at_any_time_by_its_author(place):
    row, author = publish(place), place[2]
    kept = attach(row, author)
    arguments = {"attachment": again(kept), "alt": "Un quai vide", "is_decorative": False}
    assert refused(actions.describe, actor=f.make_resident(), **arguments) == "not_author"
    for _ in range(2):
        actions.describe(actor=author, **arguments)
    assert again(kept).alt == "Un quai vide"
    assert [act for act, _, _ in lines()] == [
        "contribution.published",
        "contribution.corrected",
        "contribution.corrected",
    ]


# --- Publishing ----------------------------------------------------------------------------------------------------


def test_publishing_counts_signs_acknowledges_and_says_so(place):
    consultation, _section, author = place
    row = publish(place)
    at = row.published_at

    row = again(row)
    assert (row.published_at, row.district, row.charter_version) == (at, author.district, charter.CURRENT.number)
    assert row.body_html == "<p>Il fait <strong>chaud</strong>.</p>\n"
    assert totals(consultation) == (1, 0, [1, 0])
    assert lines() == [
        (
            "contribution.published",
            row.reference,
            {"consultation": consultation.slug, "sorte": "opinion", "charte": charter.CURRENT.number},
        )
    ]
    assert LineActor.objects.get().user == author
    mail = OutboundMail.objects.get()
    assert (mail.to, mail.user, mail.kind) == (author.email, author, "consultations.published")
    assert row.reference in mail.subject
    assert row.get_absolute_url() in mail.text
    assert Consent.objects.get().version == charter.CURRENT.number
    assert Subscription.objects.count() == 0


def test_publishing_twice_is_publishing_once(place):
    draft = draft_of(place)
    first = actions.publish(actor=place[2], contribution=draft, at=timezone.now(), follow=True)
    second = actions.publish(actor=place[2], contribution=draft, at=timezone.now(), follow=True)
    assert (first.pk, first.published_at) == (second.pk, second.published_at)
    assert (len(lines()), OutboundMail.objects.count(), Subscription.objects.count()) == (1, 1, 1)
    assert totals(place[0]) == (1, 0, [1, 0])


def test_publishing_what_the_rule_refuses_changes_nothing(place):
    draft = draft_of(place, body="")
    at = timezone.now()
    assert refused(actions.publish, actor=place[2], contribution=draft, at=at) == "unfinished"
    assert refused(actions.publish, actor=f.make_resident(), contribution=draft, at=at) == "not_author"
    late = at + dt.timedelta(days=60)
    assert refused(actions.publish, actor=place[2], contribution=draft, at=late) == "closed"
    assert (again(draft).published_at, totals(place[0])) == (None, (0, 0, [0, 0]))


def test_register_never_holds_a_person(place):
    row = publish(place, title="Mon secret de famille")
    content = RegisterLine.objects.get().content
    author = place[2]
    assert [
        word for word in (author.email, author.public_name, row.title, str(author.pk) + '"') if word in content
    ] == []


# --- Correcting ----------------------------------------------------------------------------------------------------


def correct(row, where, **fields):
    return actions.correct(actor=where[2], contribution=row, words=words(row.section, **fields), at=timezone.now())


def test_before_any_reaction_a_correction_replaces_the_text(place):
    row = publish(place)
    correct(row, place, title="Un banc au soleil", kind="proposal", place="Quai du Fil")
    row = again(row)
    assert (row.title, row.kind, row.place, row.corrected_at) == ("Un banc au soleil", "proposal", "Quai du Fil", None)
    assert ContributionVersion.objects.count() == 0
    assert lines()[-1][0::2] == (
        "contribution.corrected",
        {"consultation": place[0].slug, "apres_reaction": False},
    )


def test_after_a_reaction_the_old_text_stays_readable(place):
    row = publish(place)
    actions.take_position(actor=f.make_resident(), contribution=row, choice="agree", at=timezone.now())
    correct(row, place, title="Un banc au soleil", body="Il fait froid.", kind="proposal")
    correct(row, place, title="Un banc au soleil", body="Il fait frais.")
    row = again(row)
    assert (row.title, row.body, row.kind) == ("Un banc au soleil", "Il fait frais.", "opinion")
    assert row.body_html == "<p>Il fait frais.</p>\n"
    assert row.corrected_at is not None
    assert [(version.number, version.title, version.body) for version in row.versions.all()] == [
        (2, "Un banc au soleil", "Il fait froid."),
        (1, "Un banc à l’ombre", "Il fait **chaud**."),
    ]
    assert lines()[-1][2]["apres_reaction"] is True


def test_correcting_nothing_leaves_no_trace(place):
    row = publish(place)
    actions.take_position(actor=f.make_resident(), contribution=row, choice="agree", at=timezone.now())
    before = len(lines())
    correct(row, place)
    assert (len(lines()), ContributionVersion.objects.count(), again(row).corrected_at) == (before, 0, None)


def test_moving_to_another_section_moves_the_count(place):
    row = publish(place)
    other = place[0].sections.last()
    actions.correct(actor=place[2], contribution=row, words=words(other), at=timezone.now())
    assert totals(place[0]) == (1, 0, [0, 1])


def test_correcting_is_for_the_author_in_the_phase(place):
    row, at = publish(place), timezone.now()
    arguments = {"contribution": row, "words": words(row.section, title="Autre titre")}
    assert refused(actions.correct, actor=f.make_resident(), at=at, **arguments) == "not_author"
    assert refused(actions.correct, actor=place[2], at=at + dt.timedelta(days=60), **arguments) == "closed"
    assert again(row).title == "Un banc à l’ombre"


# --- Withdrawing ---------------------------------------------------------------------------------------------------


def test_withdrawing_takes_out_of_the_counts_and_says_so_once(place):
    row, at = publish(place), timezone.now()
    publish(place)
    actions.comment(
        actor=f.make_resident(), contribution=row, reference=new_reference(), stance="for", body="Oui.", at=at
    )
    assert totals(place[0]) == (2, 1, [2, 0])
    for _ in range(2):
        actions.withdraw(actor=place[2], contribution=row, at=at)
    assert again(row).withdrawn_at == at
    assert totals(place[0]) == (1, 0, [1, 0])
    assert [act for act, _, _ in lines()].count("contribution.withdrawn") == 1


def test_withdrawing_works_with_counters_that_are_wrong(place):
    """A count that drifted is the night's work, not the resident's problem."""
    row = f.make_contribution(consultation=place[0], author=place[2])
    actions.withdraw(actor=place[2], contribution=row, at=timezone.now())
    assert totals(place[0]) == (0, 0, [0, 0])


def test_withdrawing_is_for_the_author_of_something_published(place):
    row, draft, at = publish(place), draft_of(place), timezone.now()
    assert refused(actions.withdraw, actor=f.make_resident(), contribution=row, at=at) == "not_author"
    assert refused(actions.withdraw, actor=place[2], contribution=draft, at=at) == "draft"


# --- Positions -----------------------------------------------------------------------------------------------------


def test_position_is_counted_once_and_changes(place):
    row, at, resident = publish(place), timezone.now(), f.make_resident()
    for choice, expected in (
        ("agree", (1, 0, 0)),
        ("agree", (1, 0, 0)),
        ("disagree", (0, 0, 1)),
        ("mixed", (0, 1, 0)),
    ):
        actions.take_position(actor=resident, contribution=row, choice=choice, at=at)
        assert counts(row)[:3] == expected
    assert Position.objects.count() == 1


def test_register_says_neither_who_nor_what_nor_on_which_text(place):
    row, resident = publish(place), f.make_resident()
    actions.take_position(actor=resident, contribution=row, choice="disagree", at=timezone.now())
    actions.withdraw_position(actor=resident, contribution=row, at=timezone.now())
    slug = place[0].slug
    assert lines()[1:] == [("position.taken", slug, {}), ("position.withdrawn", slug, {})]
    assert LineActor.objects.filter(user=resident).count() == 0


def test_withdrawing_a_position_forgets_it(place):
    row, at, resident = publish(place), timezone.now(), f.make_resident()
    actions.take_position(actor=resident, contribution=row, choice="agree", at=at)
    for _ in range(2):
        actions.withdraw_position(actor=resident, contribution=row, at=at)
    assert (Position.objects.count(), counts(row)[:3]) == (0, (0, 0, 0))
    assert [act for act, _, _ in lines()].count("position.withdrawn") == 1


@pytest.mark.parametrize("act", [actions.take_position, actions.withdraw_position])
def test_positions_are_refused_where_the_rule_says(place, act):
    row, at = publish(place), timezone.now()
    arguments = {"choice": "agree"} if act is actions.take_position else {}
    assert refused(act, actor=place[2], contribution=row, at=at, **arguments) == "own"
    late = at + dt.timedelta(days=60)
    assert refused(act, actor=f.make_resident(), contribution=row, at=late, **arguments) == "closed"
    assert refused(act, actor=f.make_user(), contribution=row, at=at, **arguments) == "residency_missing"


def test_unknown_position_is_a_mistake_of_the_program(place):
    with pytest.raises(ValueError, match="peut-être"):
        actions.take_position(
            actor=f.make_resident(), contribution=publish(place), choice="peut-être", at=timezone.now()
        )


def test_position_on_a_text_withdrawn_meanwhile_is_refused(place):
    row, resident = publish(place), f.make_resident()
    Contribution.objects.filter(pk=row.pk).update(withdrawn_at=timezone.now())  # after the page was read
    arguments = {"actor": resident, "contribution": row, "choice": "agree", "at": timezone.now()}
    assert refused(actions.take_position, **arguments) == "withdrawn"
    assert Position.objects.count() == 0


# --- Debate --------------------------------------------------------------------------------------------------------


def say(row, actor=None, **fields):
    given = {"reference": new_reference(), "stance": "for", "body": "Oui, *et* vite.", "at": timezone.now(), **fields}
    return actions.comment(actor=actor or f.make_resident(), contribution=row, **given)


def test_comment_is_counted_by_stance_and_said(place):
    row = publish(place)
    written = say(row)
    say(row, stance="against")
    say(row, stance="neutral")
    assert counts(row)[3:] == (3, 1, 1)
    assert totals(place[0])[1] == 3
    assert written.body_html == "<p>Oui, <em>et</em> vite.</p>\n"
    assert lines()[1] == (
        "comment.published",
        written.reference,
        {"consultation": place[0].slug, "contribution": row.reference},
    )


def test_comment_dates_the_agreement_to_the_charter(place, monkeypatch):
    row, author = publish(place), f.make_resident()
    theirs = Consent.objects.filter(user=author).order_by("pk").values_list("version", flat=True)
    say(row, author)
    say(row, author)
    assert list(theirs.all()) == [charter.CURRENT.number]
    newer = charter.Version("2031-02", dt.date(2031, 2, 1), charter.CURRENT.template)
    monkeypatch.setattr(charter, "CURRENT", newer)
    say(row, author)
    assert list(theirs.all()) == [charter.VERSIONS[-1].number, "2031-02"]


def test_reply_has_no_stance_and_counts_for_its_thread(place):
    row = publish(place)
    thread = say(row)
    reply = say(row, parent=thread, stance="against")
    assert (reply.parent, reply.stance, again(thread).reply_count) == (thread, "neutral", 1)
    assert counts(row)[3:] == (2, 1, 0)


def test_same_reference_is_the_same_comment(place):
    row, author = publish(place), f.make_resident()
    first = say(row, author, reference="SAMEREF1")
    second = say(row, author, reference="SAMEREF1", body="Autre.")
    assert (first.pk, again(first).body) == (second.pk, "Oui, *et* vite.")
    assert counts(row)[3] == 1
    arguments = {"contribution": row, "stance": "for", "body": "Moi.", "at": timezone.now(), "reference": "SAMEREF1"}
    assert refused(actions.comment, actor=f.make_resident(), **arguments) == "not_author"


def test_comments_are_refused_where_the_rule_says(place):
    row, at = publish(place), timezone.now()
    thread = say(row)
    reply = say(row, parent=thread)
    arguments = {"contribution": row, "reference": new_reference(), "stance": "for", "body": "Oui."}
    nameless = f.make_resident(public_name="")
    assert refused(actions.comment, actor=nameless, at=at, **arguments) == "public_name"
    assert refused(actions.comment, actor=f.make_resident(), parent=reply, at=at, **arguments) == "reply"
    late = at + dt.timedelta(days=60)
    assert refused(actions.comment, actor=f.make_resident(), at=late, **arguments) == "closed"
    Comment.objects.filter(pk=thread.pk).update(withdrawn_at=at)  # after the page was read
    assert refused(actions.comment, actor=f.make_resident(), parent=thread, at=at, **arguments) == "withdrawn"
    Contribution.objects.filter(pk=row.pk).update(withdrawn_at=at)
    assert refused(actions.comment, actor=f.make_resident(), at=at, **arguments) == "withdrawn"
    assert Comment.objects.count() == 2


def test_withdrawing_a_comment_takes_it_out_of_the_counts_once(place):
    row, author = publish(place), f.make_resident()
    thread = say(row, author)
    reply = say(row, author, parent=thread)
    for _ in range(2):
        actions.withdraw_comment(actor=author, comment=reply, at=timezone.now())
    assert (again(thread).reply_count, counts(row)[3:], totals(place[0])[1]) == (0, (1, 1, 0), 1)
    actions.withdraw_comment(actor=author, comment=thread, at=timezone.now())
    assert (counts(row)[3:], totals(place[0])[1]) == ((0, 0, 0), 0)
    assert [act for act, _, _ in lines()].count("comment.withdrawn") == 2


def test_comment_of_a_withdrawn_contribution_is_not_taken_out_twice(place):
    row, author, other = publish(place), f.make_resident(), publish(place)
    written = say(row, author)
    say(other)
    actions.withdraw(actor=place[2], contribution=row, at=timezone.now())
    actions.withdraw_comment(actor=author, comment=written, at=timezone.now())
    assert (counts(row)[3], totals(place[0])) == (0, (1, 1, [1, 0]))


def test_withdrawing_a_comment_is_for_its_author(place):
    written = say(publish(place))
    assert refused(actions.withdraw_comment, actor=place[2], comment=written, at=timezone.now()) == "not_author"


def test_support_is_counted_once_and_taken_back_once(place):
    written, at, resident = say(publish(place)), timezone.now(), f.make_resident()
    for _ in range(2):
        actions.support_comment(actor=resident, comment=written, at=at)
    assert (again(written).support_count, CommentSupport.objects.count()) == (1, 1)
    for _ in range(2):
        actions.unsupport_comment(actor=resident, comment=written, at=at)
    assert (again(written).support_count, CommentSupport.objects.count()) == (0, 0)
    slug = place[0].slug
    assert lines()[2:] == [("comment.supported", slug, {}), ("comment.unsupported", slug, {})]
    assert LineActor.objects.filter(user=resident).count() == 0


@pytest.mark.parametrize("act", [actions.support_comment, actions.unsupport_comment])
def test_supports_are_refused_where_the_rule_says(place, act):
    written, at = say(publish(place)), timezone.now()
    assert refused(act, actor=written.author, comment=written, at=at) == "own"
    assert refused(act, actor=f.make_resident(), comment=written, at=at + dt.timedelta(days=60)) == "closed"


def test_support_of_a_comment_withdrawn_meanwhile_is_refused(place):
    written = say(publish(place))
    Comment.objects.filter(pk=written.pk).update(withdrawn_at=timezone.now())  # after the page was read
    arguments = {"actor": f.make_resident(), "comment": written, "at": timezone.now()}
    assert refused(actions.support_comment, **arguments) == "withdrawn"
    assert CommentSupport.objects.count() == 0
