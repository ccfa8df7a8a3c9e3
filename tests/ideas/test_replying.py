"""Who is told that somebody wrote to them around an idea: once, and never by oneself."""

import datetime as dt

import pytest
from django.utils import timezone

from ideas import replying, tasks
from ideas.models import Comment, Idea
from notifications.kinds import Frequency
from notifications.models import Notification, OutboundMail, Preference
from tests import factories as f

pytestmark = pytest.mark.django_db(transaction=True)


def told():
    return list(Notification.objects.order_by("pk").values_list("user", "subject_line"))


def test_author_and_who_commented_are_told_once_and_nobody_of_their_own_words():
    author, other = f.make_resident(), f.make_resident()
    idea = f.make_idea(author=author, title="Un banc")
    f.make_idea_comment(idea=idea, author=author)
    thread = f.make_idea_comment(idea=idea, author=other)
    f.make_idea_comment(idea=idea, author=f.make_resident(), is_question=True)
    f.make_idea_comment(idea=idea, author=author, parent=thread)
    f.make_idea_comment(idea=idea, author=other, parent=thread)

    tasks.tell_replies()
    tasks.tell_replies()

    assert sorted(told()) == sorted(
        [
            (author.pk, "Un commentaire sur votre idée «\u00a0Un banc\u00a0»"),
            (author.pk, "Une question sur votre idée «\u00a0Un banc\u00a0»"),
            (other.pk, "Une réponse à votre commentaire sur l’idée «\u00a0Un banc\u00a0»"),
        ]
    )
    assert set(Notification.objects.values_list("kind", "digest")) == {("ideas.replies", "daily")}
    assert OutboundMail.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda: Comment.objects.update(withdrawn_at=timezone.now()),
        lambda: Comment.objects.update(hidden_at=timezone.now()),
        lambda: Comment.objects.update(published_at=timezone.now() - dt.timedelta(days=4)),
        lambda: Idea.objects.update(hidden_at=timezone.now()),
        lambda: Idea.objects.update(author=None),
    ],
    ids=["withdrawn", "hidden", "old", "idea hidden", "closed account"],
)
def test_what_is_gone_or_old_is_told_to_nobody(change):
    f.make_idea_comment()

    change()
    tasks.tell_replies()

    assert told() == []


def test_mail_leaves_at_once_for_who_asked_so_without_the_words_of_anybody():
    idea = f.make_idea(title="Un banc")
    Preference.objects.create(user=idea.author, kind="ideas.replies", frequency=Frequency.NOW)
    comment = f.make_idea_comment(idea=idea, body="Parole.", body_html="<p>Parole.</p>")

    assert replying.tell_replies(comments=list(replying.replies(at=timezone.now())), at=timezone.now()) == 1

    mail = OutboundMail.objects.get()
    assert mail.to == idea.author.email
    assert f"/idees/{idea.reference}/commentaires/{comment.reference}/" in mail.text
    assert "Parole" not in mail.text
