"""Rows for tests: plain functions with predictable values, nothing random, nothing written besides what the name says.

They write rows directly, past actions and rules: a test of a rule decides itself what is allowed. Each app appends its own.
"""

import datetime as dt
import itertools

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Residency, User
from city.models import District, Sector, Service, Theme
from consultations import items
from consultations.models import AnalysisTheme, Comment, Consultation, Contribution, Item, ItemTheme, Phase, Section
from consultations.phases import PARIS
from desk import people
from ideas import amending, gathering, heat, talking
from ideas.models import Campaign, Idea, Support, Threshold
from ideas.models import Comment as IdeaComment
from mulhouse.references import new_reference

PASSWORD = "dix-neuf tilleuls"
_numbers = itertools.count(1)


def today() -> dt.date:
    """Give the day in Mulhouse."""
    return timezone.now().astimezone(PARIS).date()


# --- The city --------------------------------------------------------------------------------------------------------


def make_sector(**fields):
    number = next(_numbers)
    return Sector.objects.create(**{"name": f"Secteur {number}", "slug": f"secteur-{number}", **fields})


def make_district(**fields):
    number = next(_numbers)
    fields.setdefault("sector", None)
    fields["sector"] = fields["sector"] or make_sector()
    return District.objects.create(**{"name": f"Quartier {number}", "slug": f"quartier-{number}", **fields})


def make_theme(**fields):
    number = next(_numbers)
    return Theme.objects.create(**{"name": f"Thème {number}", "slug": f"theme-{number}", **fields})


def make_service(**fields):
    number = next(_numbers)
    return Service.objects.create(**{"name": f"Service {number}", "slug": f"service-{number}", **fields})


# --- People ----------------------------------------------------------------------------------------------------------


def make_user(**fields):
    """Somebody with a confirmed address and the password PASSWORD, who said nothing about where they live."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 (allauth’s models need the registry of apps)

    number = next(_numbers)
    password = fields.pop("password", PASSWORD)
    user = User.objects.create_user(
        fields.pop("email", f"personne{number}@example.org"),
        password,
        **{"public_name": f"Personne {number}", **fields},
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_resident(*, verified=False, district=None, **fields):
    """Somebody who declared a district, checked by an agent when `verified`."""
    district = district or make_district()
    user = make_user(district=district, **fields)
    checked = (
        {"verified_on": today(), "expires_on": today() + dt.timedelta(days=365), "method": Residency.Method.DESK}
        if verified
        else {}
    )
    Residency.objects.create(user=user, district=district, **checked)
    return user


def make_staff(*permissions, **fields):
    """Somebody who enters the administration and holds `permissions` (« consultations.change_consultation »)."""
    user = make_user(**{"is_staff": True, **fields})
    user.user_permissions.set([_permission(name) for name in permissions])
    return user


def _permission(name):
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def sign_in(client, user, *, second_factor=None):
    """Open a session; with a second factor for those who enter the administration, unless told otherwise."""
    client.force_login(user, backend="accounts.backends.PortalBackend")
    if user.is_staff if second_factor is None else second_factor:
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "password", "at": timezone.now().timestamp(), "email": user.email},
            {"method": "mfa", "at": timezone.now().timestamp(), "type": "totp"},
        ]
        session.save()
    return client


# --- Consultations ---------------------------------------------------------------------------------------------------

PHASES = ("inform", "contribute", "analyse", "decide", "follow")


def make_consultation(*, phase="contribute", phase_days=20, sections=1, **fields):
    """A published consultation with the five phases, today being the tenth day of `phase`.

    `phase=None` makes no phase; `published_at=None` a draft.
    """
    number = next(_numbers)
    theme = fields.pop("theme", None) or make_theme()
    service = fields.pop("service", None) or make_service()
    districts = fields.pop("districts", ())
    consultation = Consultation.objects.create(
        theme=theme,
        service=service,
        **{
            "slug": f"consultation-{number}",
            "title": f"Consultation {number}",
            "summary": "La Ville vous demande votre avis.",
            "published_at": timezone.now() - dt.timedelta(days=60),
            **fields,
        },
    )
    consultation.districts.set(districts)
    for position in range(1, sections + 1):
        make_section(consultation, position=position)
    if phase is not None:
        first = today() - dt.timedelta(days=9 + phase_days * PHASES.index(phase))
        starts = [first + dt.timedelta(days=phase_days * passed) for passed in range(len(PHASES))]
        Phase.objects.bulk_create(
            Phase(
                consultation=consultation,
                position=position,
                kind=kind,
                name=str(Phase.Kind(kind).label),
                starts_on=starts_on,
                ends_on=starts_on + dt.timedelta(days=phase_days - 1),
            )
            for position, (kind, starts_on) in enumerate(zip(PHASES, starts, strict=True), start=1)
        )
    return consultation


def make_section(consultation, **fields):
    number = next(_numbers)
    return Section.objects.create(
        consultation=consultation,
        **{"title": f"Partie {number}", "question": "Qu’en pensez-vous\u00a0?", **fields},
    )


def make_contribution(*, consultation=None, author=None, **fields):
    """A published contribution; `published_at=None` makes a draft. An author of None is a resident made for it."""
    number = next(_numbers)
    consultation = consultation or make_consultation()
    section = fields.pop("section", None) or consultation.sections.first() or make_section(consultation)
    body = fields.pop("body", f"Texte de la contribution {number}.")
    return Contribution.objects.create(
        consultation=consultation,
        section=section,
        author=author or make_resident(),
        **{
            "title": f"Contribution {number}",
            "body": body,
            "body_html": f"<p>{body}</p>\n",
            "published_at": timezone.now() - dt.timedelta(hours=1),
            "charter_version": "1",
            **fields,
        },
    )


def make_comment(*, contribution=None, author=None, parent=None, **fields):
    """A comment; with `parent`, a reply in its thread. The counters of its contribution are not touched."""
    number = next(_numbers)
    if contribution is None:
        contribution = parent.contribution if parent else make_contribution()
    body = fields.pop("body", f"Texte du commentaire {number}.")
    return Comment.objects.create(
        contribution=contribution,
        parent=parent,
        author=author or make_resident(),
        **{"body": body, "body_html": f"<p>{body}</p>\n", "published_at": timezone.now(), **fields},
    )


# --- Analysis --------------------------------------------------------------------------------------------------------


def make_item(*, contribution=None, comment=None, **fields):
    """The item of a contribution (made for it when none is given) or of a comment, written as actions write it."""
    with transaction.atomic():
        if comment is not None:
            Comment.objects.filter(pk=comment.pk).update(is_proposal=True)
            items.write_comments([comment.pk])
            return Item.objects.get(comment=comment)
        contribution = contribution or make_contribution(**fields)
        items.write_contributions([contribution.pk])
        return Item.objects.get(contribution=contribution)


def make_analysis_theme(*, consultation, members=(), **fields):
    """A theme with these items in it."""
    number = next(_numbers)
    title = fields.setdefault("title", f"Sujet {number}")
    theme = AnalysisTheme.objects.create(consultation=consultation, **{"public_title": title, **fields})
    ItemTheme.objects.bulk_create([ItemTheme(item=item, theme=theme) for item in members])
    return theme


READY = {"draft_decision": "kept", "draft_explanation": "La Ville le fera."}


# --- Ideas -----------------------------------------------------------------------------------------------------------


def make_campaign(*, thresholds=((50, "Rencontre"), (100, "Atelier")), **fields):
    """The permanent box, published and open; the second threshold opens the study."""
    number = next(_numbers)
    values = {
        "slug": f"boite-{number}",
        "title": f"Boîte {number}",
        "summary": "Déposez une idée pour la ville.",
        "opens_on": today() - dt.timedelta(days=30),
        "published_at": timezone.now() - dt.timedelta(days=30),
        **fields,
    }
    # Thresholds are rules, which no longer change once the campaign is public.
    published_at = values.pop("published_at")
    campaign = Campaign.objects.create(**values)
    for rank, (supports, name) in enumerate(thresholds, start=1):
        Threshold.objects.create(
            campaign=campaign,
            supports=supports,
            name=name,
            promise=f"La Ville organise\u00a0: {name.lower()}.",
            opens_study=rank == min(2, len(thresholds)),
        )
    if published_at is not None:
        campaign.published_at = published_at
        campaign.save(update_fields=["published_at", "updated_at"])
    return campaign


def make_idea(*, published=True, **fields):
    """An idea that everybody reads, or a draft."""
    number = next(_numbers)
    campaign = fields.pop("campaign", None) or make_campaign()
    author = fields.pop("author") if "author" in fields else make_resident()
    at = fields.pop("published_at", timezone.now() - dt.timedelta(days=1))
    values = {
        "title": f"Idée {number}",
        "need": "Il manque de l’ombre.",
        "need_html": "<p>Il manque de l’ombre.</p>",
        "proposal": "Planter des arbres.",
        "proposal_html": "<p>Planter des arbres.</p>",
    }
    if published:
        first = campaign.thresholds.order_by("supports").first()
        values |= {
            "theme": fields.pop("theme", None) or make_theme(),
            "submitted_at": at,
            "published_at": at,
            "stage_at": at,
            "supports_until": campaign.supports_until(at.astimezone(PARIS).date()),
            "verified_only": campaign.verified_only,
            "next_supports": first.supports if first else None,
            "heat": heat.COLD,
        }
    idea = Idea.objects.create(campaign=campaign, author=author, **{**values, **fields})
    if idea.is_visible:
        Campaign.objects.filter(pk=campaign.pk).update(idea_count=F("idea_count") + 1)
    return idea


def make_support(*, idea, user=None, is_verified=False, **fields):
    """Somebody who supports an idea, counted."""
    user = user or make_resident()
    with transaction.atomic():
        person = people.of_user(user)
    on = fields.pop("supported_on", today())
    support = Support.objects.create(idea=idea, person=person, is_verified=is_verified, supported_on=on, **fields)
    counter = "verified_count" if is_verified else "declared_count"
    Idea.objects.filter(pk=idea.pk).update(**{counter: F(counter) + 1})
    return support


def make_idea_comment(**fields):
    """A comment on an idea, counted."""
    number = next(_numbers)
    idea = fields.pop("idea", None) or make_idea()
    author = fields.pop("author") if "author" in fields else make_resident()
    values = {
        "body": f"Parole {number}",
        "body_html": f"<p>Parole {number}</p>",
        "published_at": timezone.now(),
        **fields,
    }
    comment = IdeaComment.objects.create(idea=idea, author=author, **values)
    with transaction.atomic():
        talking.count_comment(comment=comment, by=1)
    return comment


def make_gathering(*, ideas=None, campaign=None, by=None, is_of_city=False, at=None, **text):
    """A proposal to gather ideas of as many authors, by the first of them or by an agent (`is_of_city`)."""
    campaign = campaign or (ideas[0].campaign if ideas else make_campaign())
    ideas = ideas or [make_idea(campaign=campaign) for _ in range(2)]
    by = by or (make_staff("ideas.study_idea") if is_of_city else ideas[0].author)
    words = {"title": f"Idée commune {next(_numbers)}", "need": "De l’ombre.", "proposal": "Des arbres.", **text}
    return gathering.propose(
        actor=by,
        ideas=ideas,
        reference=new_reference(),
        text=gathering.Text(**words),
        is_of_city=is_of_city,
        at=at or timezone.now(),
    )


def gather(*ideas, at=None, **fields):
    """Ideas gathered under one: every author agreed."""
    made = make_gathering(ideas=list(ideas) or None, at=at, **fields)
    for member in made.members.filter(answer="").select_related("idea__author").order_by("pk"):
        gathering.answer(
            actor=member.idea.author, gathering=made, idea=member.idea, agrees=True, at=at or timezone.now()
        )
    made.refresh_from_db()
    return made


def make_amendment(*, idea=None, author=None, at=None, **change):
    """A change that somebody proposes to an idea."""
    idea = idea or make_idea()
    idea.refresh_from_db(fields=["title", "need", "proposal"])
    words = {
        "title": idea.title,
        "need": idea.need,
        "proposal": f"{idea.proposal} Et des bancs.",
        "reason": "S’asseoir.",
    }
    return amending.propose(
        actor=author or make_resident(),
        idea=idea,
        reference=new_reference(),
        change=amending.Change(**{**words, **change}),
        at=at or timezone.now(),
    )


def make_author_news(*, idea=None, body="Nous étions vingt.", at=None, author=None):
    """News that the author of an idea gives."""
    idea = idea or make_idea()
    return amending.give_news(
        actor=author or idea.author, idea=idea, reference=new_reference(), body=body, at=at or timezone.now()
    )
