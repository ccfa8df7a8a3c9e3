"""Every page of a consultation in the staff space, found from the routes, in a city where each has something to show."""

import datetime as dt

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.roles import ADMINISTRATOR
from consultations import items, outcomes
from consultations.models import (
    Consultation,
    ConsultationCommitment,
    Document,
    Item,
    Note,
    PromiseReminder,
    Telling,
)
from consultations.reporting import figures
from desk import actions as desk
from desk.models import Act, Channel, Receipt
from questionnaires.models import Answer, ResponseFile
from tests import factories
from tests.ballots.votes import enter, make_campaign_draft, make_campaign_vote, make_draft, make_vote
from tests.commitments.rows import make_commitment
from tests.consultations.test_reporting import make_report, take_part
from tests.ideas.city_rows import make_planned, make_studied
from tests.questionnaires.making import add_question, add_section, make_questionnaire, make_response, option
from tests.test_routes import walk

# What an address may ask besides: pages that differ by it.
QUESTIONS = {
    "analysis": ("", "?q=trottoir", "?place=waiting&tout=oui", "?q=introuvable"),
    "changelist": ("", "?q=consultation", "?etat=brouillon"),
    "publication": ("", "?le=2026-01-01"),
    "questionnaire_question_add": ("?sorte=single", "?sorte=matrix", "?sorte=scale"),
}


def routes():
    """Give the name of each route of the staff space, with what its address takes."""
    found = {name: converters for name, (_view, converters) in walk(get_resolver()) if name.startswith("admin:")}
    return {name: set(converters) for name, converters in found.items()}


def an_agent():
    """Somebody who may open everything, as a role of the city gives it."""
    agent = factories.make_staff()
    agent.groups.set(Group.objects.filter(name=ADMINISTRATOR.code))
    return agent


class City:
    """A draft, a consultation where everything is open, one that is over and being answered; `count` of each thing in them."""

    def __init__(self, agent, count):
        self.agent, self.count, self.now = agent, count, timezone.now()
        self.author = factories.make_resident(district=factories.make_district())
        fields = {"sections": min(count, 12), "description": "<p>Le projet.</p>"}
        self.draft = factories.make_consultation(phase=None, published_at=None, sections=0, title="La place, en projet")
        self.open = factories.make_consultation(**fields, title="La place, ouverte")
        self.over = factories.make_consultation(**fields, phase="analyse", title="La place, close")
        for consultation in (self.open, self.over):
            self._documents(consultation)
            self._opinions(consultation)
        self._analysis()
        self._report()
        self._following()
        self._questionnaires()
        self._votes()
        self._campaign_votes()
        self._desk()
        self._ideas()

    def _documents(self, consultation):
        documents = [
            Document.objects.create(
                consultation=consultation,
                position=position,
                title=f"Le plan {position}",
                file="documents/plan.pdf",
                content_type="application/pdf",
                size=1200,
                is_accessible=True,
            )
            for position in range(1, self.count + 1)
        ]
        self.document = documents[0]

    def _opinions(self, consultation):
        sections = list(consultation.sections.all())
        body = "Le trottoir est trop étroit devant l’école, les poussettes ne s’y croisent pas."
        self.contributions = [
            factories.make_contribution(
                consultation=consultation,
                section=sections[number % len(sections)],
                author=self.author,
                district=self.author.district,
                title=f"Élargir le trottoir, tronçon {number}",
                body=body,
            )
            for number in range(self.count)
        ]
        for number in range(self.count):
            factories.make_comment(contribution=self.contributions[number % 2], author=self.author, body=body)
        with transaction.atomic():
            items.write_contributions([row.pk for row in self.contributions])
        take_part(consultation, self.count, district=self.author.district, age_band="40-59")

    def _analysis(self):
        rows = list(Item.objects.filter(consultation=self.over).order_by("pk"))
        self.items = [rows[0], rows[-1]]
        self.themes = [
            factories.make_analysis_theme(
                consultation=self.over,
                members=rows if number == 0 else rows[:1],
                public_title=f"Les trottoirs, côté {number}",
                public_summary="Plus larges.",
                draft_decision="kept",
                draft_explanation="La Ville **les** élargira.",
            )
            for number in range(self.count)
        ]
        outcomes.publish(
            actor=self.agent, consultation=self.over, at=self.now, themes=[row.pk for row in self.themes[:-1]]
        )
        for number in range(self.count):
            about = ({"item": rows[0]}, {"theme": self.themes[0]})
            for what in about:
                Note.objects.create(author=self.agent, body=f"Voir la voirie {number}.", written_at=self.now, **what)
        self.themes = [self.themes[0], self.themes[-1]]

    def _report(self):
        counted = figures.collect(self.over, at=self.now)
        for number in range(1, self.count + 1):
            days_ago = dt.timedelta(days=self.count - number + 1)
            make_report(
                self.over,
                number=number,
                correction="Un chiffre." if number > 1 else "",
                figures=counted,
                published_at=self.now - days_ago,
                pdf_state=("preparing", "failed")[number % 2],
            )
        make_report(self.over, number=self.count + 1, correction="Un autre chiffre.")

    def _following(self):
        for number in range(self.count):
            self.commitment = make_commitment(title=f"Élargir {number}", service=self.over.service)
            ConsultationCommitment.objects.create(consultation=self.over, commitment=self.commitment)
            then = self.now - dt.timedelta(days=number)
            Telling.objects.create(consultation=self.over, given_at=then, begun_at=then, people=12, finished_at=then)
            PromiseReminder.objects.create(
                consultation=self.over, ended_on=factories.today(), days=number + 1, sent_at=then
            )

    def _questionnaires(self):
        """One of each state first, then others of the same kind, as many as the count."""
        self.asked = [
            make_questionnaire(consultation=self.open, published_at=None),
            make_questionnaire(consultation=self.open),
            make_questionnaire(consultation=self.open, opens=-20, closes=-2),
        ]
        for made in self.asked:
            for number in range(self.count):
                page = add_section(made, f"Page {number}")
                first = add_question(page, "single", label=f"Passez-vous ici {number}\u00a0?")
                add_question(page, "text", label=f"Pourquoi {number}\u00a0?", on=first, wanted=["Oui"])
            first = made.sections.order_by("position")[1].questions.order_by("position")[0]
            upload = add_question(made, "file", label="Une photo")
            add_question(made, "matrix", label="Le trottoir", rows=("Largeur", "Hauteur"))
            where = add_question(made, "district", label="Votre quartier")
            if made.published_at:
                for _ in range(max(self.count, 6)):
                    answers = [
                        Answer(question=first, option=option(first, "Oui")),
                        Answer(question=where, district=self.author.district),
                    ]
                    response = make_response(made, *answers, district=self.author.district)
                    self.file = ResponseFile.objects.create(
                        response=response,
                        question=upload,
                        file=ContentFile(b"%PDF", "a.pdf"),
                        name="a.pdf",
                        content_type="a/b",
                        size=4,
                    )
        for _ in range(self.count - 3):
            make_response(make_questionnaire(consultation=self.open))

    def _votes(self):
        """A draft, an open one, one to count by hand, one that is counted; then others."""
        ago = factories.today() - dt.timedelta(days=20)
        names = [f"Aménagement {number}" for number in range(min(max(self.count, 3), 20))]
        far = factories.today() + dt.timedelta(days=5)
        shape = {"consultation": self.open, "options": names, "residency_level": "none"}
        self.votes = [
            make_draft(**shape, opens_on=far),
            make_vote(**shape),
            make_vote(**shape, opens_on=ago),
            make_vote(**shape, opens_on=ago),
        ]
        for _ in range(self.count):
            enter(self.votes[1], at=self.now - dt.timedelta(days=1))
            enter(self.votes[2], at=self.now - dt.timedelta(days=15))
        for _ in range(self.count - 4):
            make_draft(consultation=self.open, opens_on=far)

    def _campaign_votes(self):
        """The same four of a campaign of ideas; only the number of projects grows, and the voters."""
        campaign = factories.make_campaign()
        ago = factories.today() - dt.timedelta(days=20)
        names = [f"Projet {number}" for number in range(min(max(self.count, 3), 20))]
        shape = {"campaign": campaign, "options": names, "residency_level": "none"}
        self.campaign_votes = [
            make_campaign_draft(**shape, opens_on=factories.today() + dt.timedelta(days=5)),
            make_campaign_vote(**shape),
            make_campaign_vote(**shape, opens_on=ago),
            make_campaign_vote(**shape, opens_on=ago),
        ]
        for _ in range(self.count):
            enter(self.campaign_votes[1], at=self.now - dt.timedelta(days=1))
            enter(self.campaign_votes[2], at=self.now - dt.timedelta(days=15))
        self.helped = desk.open_assistance(
            actor=self.agent,
            topic=campaign.topic,
            fingerprint="b" * 64,
            birth_year=1980,
            channel=Channel.DESK,
            district=self.author.district,
            is_residence_checked=True,
            is_voting=True,
            at=self.now,
        )

    def _campaign_values(self, takes):
        """Give what stands in the addresses of the votes of campaigns."""
        campaign = self.campaign_votes[0].campaign
        return {
            "": [{}],
            "pk": [{"pk": campaign.pk}],
            "pk votation_pk": [{"pk": campaign.pk, "votation_pk": link.votation_id} for link in self.campaign_votes],
        }[" ".join(sorted(takes))]

    def _desk(self):
        self.assistance = self._assist(self.open, "a" * 64)
        self.receipt = Receipt.objects.create(
            act=Act.CONTRIBUTION,
            channel=Channel.DESK,
            topic=self.open.topic,
            title=self.open.title,
            reference=self.contributions[0].reference,
            path=self.contributions[0].get_absolute_url(),
        )

    def _assist(self, procedure, fingerprint):
        return desk.open_assistance(
            actor=self.agent,
            topic=procedure.topic,
            fingerprint=fingerprint,
            birth_year=1980,
            channel=Channel.DESK,
            district=self.author.district,
            is_residence_checked=True,
            is_voting=False,
            at=self.now,
        )

    def _ideas(self):
        """The other room: ideas of a campaign, one that is studied, one that is being realised, one that gathers others."""
        campaign = factories.make_campaign(title="La boîte à idées")
        ideas = [factories.make_idea(campaign=campaign, author=self.author) for _ in range(self.count)]
        assistance = self._assist(campaign, "c" * 64)
        self.planned, studied = make_planned(), make_studied(campaign=campaign)
        factories.gather()
        part, milestone = studied.study.parts.get(), self.planned.milestones.order_by("pk").first()
        self.of_ideas = {
            "key": assistance.key,
            "slug": campaign.slug,
            "reference": ideas[0].reference,
            "pk": studied.pk,
            "part_pk": part.pk,
            "milestone_pk": milestone.pk,
            "threshold_pk": self.planned.passings.get(percent=100).threshold_id,
        }

    # --- Their addresses -------------------------------------------------------------------------------------------------

    def addresses(self):
        """Give the addresses of each route, its name without the common part."""
        found = {}
        for name, takes in routes().items():
            short = name.removeprefix("admin:").removeprefix("consultations_consultation_")
            found[short] = [
                reverse(name, kwargs=values) + question
                for values in self._values(short, takes)
                for question in QUESTIONS.get(short, ("",))
            ]
        return found

    def _values(self, name, takes):
        """Give what stands in an address for what it takes; a route that takes something new is told here."""
        known = {
            "": [{}],
            "pk": [{"pk": row.pk} for row in (self.draft, self.open, self.over)],
            "slug": [{"slug": self.open.slug}, {"slug": self.over.slug}],
            "document_pk pk": [{"pk": self.over.pk, "document_pk": self.document.pk}],
            "pk votation_pk": [{"pk": self.open.pk, "votation_pk": link.votation_id} for link in self.votes],
            "number pk": [{"pk": self.over.pk, "number": 1}],
            "pk reference": [{"pk": self.open.pk, "reference": made.reference} for made in self.asked],
            "pk reference section_pk": [self._inside(made, section_pk=self._page(made).pk) for made in self.asked],
            "pk question_pk reference": [
                self._inside(made, question_pk=row.pk)
                for made in self.asked
                for row in self._page(made).questions.order_by("position")
            ],
            "form pk reference": [self._inside(self.asked[2], form="csv")],
            "key pk reference": [self._inside(self.asked[2], key=self.file.key)],
            "key": [{"key": self.assistance.key}],
            "number": [{"number": self.receipt.number}],
        }
        by_name = {
            "analysis_theme": [{"pk": self.over.pk, "reference": row.reference} for row in self.themes],
            "analysis_item": [{"pk": self.over.pk, "reference": row.reference} for row in self.items],
            "desk_answer": [{"key": self.assistance.key, "pk": self.asked[1].consultation_link.pk}],
            "desk_roll": [{"key": self.assistance.key, "pk": self.votes[1].pk}],
            "desk_idea_roll": [{"key": self.helped.key, "pk": self.campaign_votes[1].pk}],
            "commitments_commitment_edit": [{"pk": self.commitment.pk}],
            "privacy_elimination_slip": [],
            # An appeal has a decision behind it: tests/moderation/test_pages.py asks its page.
            "moderation_case_appeal": [],
            "app_list": [{"app_label": "consultations"}],
            "view_on_site": [],
        }
        if name.startswith("ideas_campaignvote_"):
            return self._campaign_values(takes)
        if name in by_name:
            return by_name[name]
        if "object_id" in takes:
            return list(self._rows(name, takes))
        if name.startswith(("desk_idea_", "ideas_")):
            # A stage stands in the idea that is being realised, and a promise in one whose threshold is reached.
            own = {"pk": self.planned.pk} if takes & {"milestone_pk", "threshold_pk"} else {}
            return [{each: {**self.of_ideas, **own}[each] for each in takes}]
        return known[" ".join(sorted(takes))]

    def _rows(self, name, takes):
        """Give a row of the table a route belongs to, with each of its buttons where it takes one."""
        full = name if name.count("_") > 1 else f"consultations_consultation_{name}"
        app, model, _gesture = full.split("_", 2)
        table = apps.get_model(app, model)
        row = self.open if table is Consultation else table.objects.order_by("pk").first()
        if row is not None and "name" in takes:
            buttons = admin.site.get_model_admin(table).buttons
            yield from ({"object_id": row.pk, "name": button.name} for button in buttons)
        elif row is not None:
            yield {"object_id": row.pk}

    def _page(self, made):
        return made.sections.order_by("position")[1]

    def _inside(self, made, **more):
        return {"pk": self.open.pk, "reference": made.reference, **more}
