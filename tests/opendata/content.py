"""Something of each kind, public and not: what is not holds words that stand nowhere else."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from commitments.models import Commitment
from tests.factories import (
    make_campaign,
    make_comment,
    make_consultation,
    make_contribution,
    make_district,
    make_idea,
    make_idea_comment,
    make_resident,
    make_service,
    make_theme,
    today,
)
from tests.ideas.rows import make_answer, make_event, make_milestone, make_reaction
from transparency import register

HIDDEN = ("zbrouillon", "zretiré", "zmasqué", "zprivée", "zfuture", "zadresse", "zdémasqué")


def hidden_words():
    return HIDDEN


def everything():
    """Fill the tables; return the public consultation."""
    now = timezone.now()
    district = make_district(name="Les Essais")
    consultation = make_consultation(title="Publique", districts=[district])
    author = make_resident(public_name="Aïcha", email="zadresse@exemple.fr", district=make_district())
    shown = make_contribution(
        consultation=consultation, author=author, title="Visible", signature="name", place_district=district
    )
    make_comment(contribution=shown, body="Bonne idée.")
    make_comment(contribution=shown, body="zretiré", withdrawn_at=now)
    make_comment(contribution=shown, body="zmasqué", hidden_at=now)
    make_contribution(consultation=consultation, title="zbrouillon", published_at=None)
    make_contribution(consultation=consultation, title="zretiré", withdrawn_at=now)
    hidden = make_contribution(consultation=consultation, title="zmasqué", hidden_at=now)
    make_comment(contribution=hidden, body="zdémasqué")
    draft = make_consultation(title="zprivée", summary="zprivée", published_at=None)
    make_contribution(consultation=draft, title="zprivée")
    Commitment.objects.create(
        **commitment(title="zbrouillon", description="zbrouillon", published_at=None),
    )
    Commitment.objects.create(
        **commitment(title="Planter", description="Planter des arbres.", published_at=now, news_at=now)
    )
    ideas(now, author, district)
    return consultation


def ideas(now, author, district):
    """An idea with all that stands around it, and what is not public of each."""
    shown = make_idea(author=author, title="Visible", place_district=district)
    make_idea_comment(idea=shown, body="Bonne idée.")
    make_idea_comment(idea=shown, body="zretiré", withdrawn_at=now)
    make_idea_comment(idea=shown, body="zmasqué", hidden_at=now)
    make_reaction(make_answer(shown), body="zmasqué", hidden_at=now)
    make_event(shown)
    make_milestone(shown)
    make_idea(title="zbrouillon", published=False)
    make_idea(title="zretiré", withdrawn_at=now)
    hidden = make_idea(title="zmasqué", hidden_at=now)
    make_idea_comment(idea=hidden, body="zdémasqué")
    make_answer(hidden, reason="zdémasqué")
    make_event(hidden, text="zdémasqué")
    make_campaign(title="zprivée", summary="zprivée", published_at=None, thresholds=((9, "zprivée"),))


def commitment(**fields):
    due = today() + dt.timedelta(days=30)
    return {
        "service": make_service(),
        "theme": make_theme(),
        "due_on": due,
        "first_due_on": due,
        **fields,
    }


def act(name, *, subject="", **facts):
    """Write a line on the register, as an action does."""
    with transaction.atomic():
        return register.record(name, role="système", subject=subject, facts=facts)
