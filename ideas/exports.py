"""The idea box as open data, for the files and for the dictionary of their columns. Of supports, totals only."""

from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from ideas import signatures, told, vote_results
from ideas.models import (
    Answer,
    Campaign,
    Comment,
    Criterion,
    Event,
    GatheredIdea,
    Idea,
    Milestone,
    Reaction,
    Threshold,
)
from mulhouse.opendata import LICENCE, LICENCE_URL, Column, Kind, Table, day, instant

# The words of the files, the same in every language of the site.
CHANNELS = {
    "web": "en_ligne",
    "desk": "guichet",
    "paper": "papier",
    "phone": "telephone",
    "room": "reunion",
    "import": "reprise",
}
STAGES = {
    "support": "soutiens",
    "expired": "delai_passe",
    "study": "etude",
    "kept": "retenue",
    "declined": "non_retenue",
    "already": "deja_fait",
    "transferred": "transmise",
    "going_on": "en_realisation",
    "done": "realisee",
    "abandoned": "abandonnee",
    "gathered": "regroupee",
}
OUTCOMES = {
    "kept": "retenue",
    "partly": "retenue_en_partie",
    "declined": "non_retenue",
    "already": "deja_fait",
    "transferred": "transmise",
}
STANCES = {"for": "pour", "against": "contre", "neutral": "neutre"}
BEHALVES = {"oneself": "soi", "association": "association", "council": "conseil"}
CAMPAIGNS = {"permanent": "permanente", "edition": "datee"}
CRITERIA = {
    "powers": "competence",
    "legality": "legalite",
    "cost": "cout",
    "delay": "delai",
    "upkeep": "entretien",
    "overlap": "existant",
}
STEPS = {"study": "etude", "design": "conception", "works": "travaux", "done": "realisee"}
EVENTS = {"step": "etape", "date": "date", "news": "nouvelle", "abandoned": "abandon", "promise": "promesse_tenue"}
POWERS = {"city": "ville", "agglomeration": "agglomeration", "other": "autre"}
ENDS = {"city": "ville", "authors": "auteurs"}
LEVELS = {"none": "toute_personne", "declared": "residence_declaree", "verified": "residence_verifiee"}
CENTS = 100

# What is read of each table: no column that is not exported.
IDEA_COLUMNS = (
    *("reference", "title", "need", "proposal", "beneficiaries", "cost", "place", "behalf", "behalf_name"),
    *("author_label", "signature", "channel", "published_at", "corrected_at", "stage", "stage_at", "supports_until"),
    *("support_total", "comment_count", "for_count", "against_count", "realism", "source_url"),
    *("campaign__slug", "theme__name", "district__name", "place_district__name", "author__public_name"),
)
SUPPORT_COLUMNS = (
    *("reference", "verified_count", "declared_count", "verified_only", "next_supports", "supports_until"),
    "published_at",
)


def _named(words: dict[str, str], *, optional: bool = False) -> Any:
    """Say which words a column takes, in the language of whoever reads it."""
    sentence = _("L’un de ces mots, ou rien\u00a0: %(words)s.") if optional else _("L’un de ces mots\u00a0: %(words)s.")
    named = ", ".join(f"«\u00a0{word}\u00a0»" for word in words.values())
    return lazy(lambda: str(sentence) % {"words": named}, str)()


def _euros(cents: int | None) -> Any:
    return "" if cents is None else cents / CENTS


def _number(value: int | None) -> Any:
    return "" if value is None else value


# --- What is read ----------------------------------------------------------------------------------------------------------


def read_ideas() -> QuerySet[Idea]:
    """Read what is visible, the last recorded first."""
    rows = Idea.objects.visible().select_related("campaign", "theme", "district", "place_district", "author")
    found: QuerySet[Idea] = rows.only(*IDEA_COLUMNS).order_by("-pk")
    return found


def read_supports() -> QuerySet[Idea]:
    """Read how much each visible idea is supported, the last recorded first."""
    return Idea.objects.visible().only(*SUPPORT_COLUMNS).order_by("-pk")


def read_comments() -> QuerySet[Comment]:
    """Read the visible comments of visible ideas, the last recorded first."""
    rows = Comment.objects.public().select_related("idea", "parent", "author")
    return rows.only(
        *("reference", "author_label", "stance", "is_question", "criterion", "body", "channel", "published_at"),
        *("reply_count", "idea__reference", "parent__reference", "author__public_name"),
    ).order_by("-pk")


def read_answers() -> QuerySet[Answer]:
    """Read the answers to visible ideas, the newest first, each with what the author says of it as long as everybody reads that."""
    said = Reaction.objects.visible().filter(answer=OuterRef("pk")).order_by()
    rows = Answer.objects.public().select_related("idea").defer("reason_html", "detail_html", "idea__search")
    rows = rows.annotate(said=Subquery(said.values("body")[:1]), said_at=Subquery(said.values("published_at")[:1]))
    return rows.order_by("-published_at", "-pk")


def read_criteria() -> QuerySet[Criterion]:
    """Read what the first readings of visible ideas say of each criterion, those that were replaced included, the newest first."""
    rows = Criterion.objects.filter(reading__idea__in=Idea.objects.visible()).select_related("reading__idea")
    return rows.defer("reading__idea__search").order_by("-pk")


def read_gatherings() -> QuerySet[GatheredIdea]:
    """Read the ideas that were gathered under one, separated again or not, the last recorded first.

    Both are visible; the idea that gathered, once separated, was never hidden: its address is public and says so.
    """
    rows = GatheredIdea.objects.exclude(stage_before="").filter(
        idea__in=Idea.objects.visible(), gathering__parent__hidden_at__isnull=True
    )
    return (
        rows.select_related("idea", "gathering__parent")
        .defer("idea__search", "gathering__parent__search")
        .order_by("-pk")
    )


def read_campaigns() -> QuerySet[Campaign]:
    """Read the published campaigns, the newest first."""
    return Campaign.objects.published().order_by("-published_at", "-pk")


def read_thresholds() -> QuerySet[Threshold]:
    """Read the thresholds of the published campaigns, the newest first."""
    rows = Threshold.objects.filter(campaign__in=Campaign.objects.published()).select_related("campaign")
    return rows.order_by("-pk")


def read_milestones() -> QuerySet[Milestone]:
    """Read the stages of what is realised, the last recorded first."""
    rows = Milestone.objects.filter(idea__in=Idea.objects.visible()).select_related("idea").defer("idea__search")
    return rows.order_by("-pk")


def read_events() -> QuerySet[Event]:
    """Read the dated words of the city on what is realised, the newest first."""
    rows = Event.objects.public().select_related("idea", "threshold").defer("text_html", "idea__search")
    return rows.order_by("-published_at", "-pk")


# --- Tables ----------------------------------------------------------------------------------------------------------------

REFERENCE = Column("reference", _("Référence publique, stable."), lambda row: row.reference)
OF_IDEA = Column("idee", _("Référence de l’idée."), lambda row: row.idea.reference)
PUBLISHED = Column(
    "publiee_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.published_at), Kind.INSTANT
)


def _district(row: Idea) -> str:
    """Give the district that stands in the signature: where the others live is not public."""
    is_signed = row.signature == Idea.Signature.DISTRICT and not row.author_label
    return row.district.name if is_signed and row.district else ""


IDEAS = Table(
    name="idees",
    title=_("Les idées"),
    summary=_("Une ligne par idée publiée, la dernière enregistrée d’abord."),
    columns=(
        REFERENCE,
        Column("campagne", _("Campagne, par son nom dans les adresses."), lambda row: row.campaign.slug),
        Column("titre", _("Titre."), lambda row: row.title),
        Column("besoin", _("Le besoin, tel qu’il a été écrit, mise en forme comprise."), lambda row: row.need),
        Column("proposition", _("La proposition, telle qu’elle a été écrite."), lambda row: row.proposal),
        Column("pour_qui", _("À qui elle profite."), lambda row: row.beneficiaries),
        Column("cout_estime", _("Coût estimé par son auteur, en mots."), lambda row: row.cost),
        Column("theme", _("Thème."), lambda row: row.theme.name if row.theme else ""),
        Column("lieu", _("Lieu dont il est question."), lambda row: row.place),
        Column(
            "quartier_du_lieu",
            _("Quartier de ce lieu\u00a0; vide si personne ne l’a dit."),
            lambda row: row.place_district.name if row.place_district else "",
        ),
        Column(
            "signature",
            _("Signature publique\u00a0: un nom ou un pseudonyme, ou «\u00a0Un habitant\u00a0» et le quartier."),
            signatures.of_idea,
        ),
        Column("quartier", _("Quartier affiché dans la signature\u00a0; vide s’il n’est pas public."), _district),
        Column("au_nom_de", _named(BEHALVES), lambda row: BEHALVES[row.behalf]),
        Column("organisme", _("Association ou conseil au nom de qui elle est déposée."), lambda row: row.behalf_name),
        Column("canal", _named(CHANNELS), lambda row: CHANNELS[row.channel]),
        PUBLISHED,
        Column(
            "corrigee_le",
            _("Date et heure de la dernière correction\u00a0; vide s’il n’y en a pas."),
            lambda row: instant(row.corrected_at),
            Kind.INSTANT,
        ),
        Column("etape", _named(STAGES), lambda row: STAGES[row.stage]),
        Column("etape_le", _("Date et heure où elle y est entrée."), lambda row: instant(row.stage_at), Kind.INSTANT),
        Column("soutiens", _("Nombre de soutiens."), lambda row: row.support_total, Kind.INTEGER),
        Column(
            "soutiens_jusqu_au",
            _("Dernier jour pour la soutenir, inclus."),
            lambda row: day(row.supports_until),
            Kind.DAY,
        ),
        Column("commentaires", _("Nombre de commentaires."), lambda row: row.comment_count, Kind.INTEGER),
        Column("commentaires_pour", _("Nombre de commentaires pour."), lambda row: row.for_count, Kind.INTEGER),
        Column("commentaires_contre", _("Nombre de commentaires contre."), lambda row: row.against_count, Kind.INTEGER),
        Column(
            "realisme",
            _("Réalisme sur 100, selon la première lecture de la Ville\u00a0; vide avant elle."),
            lambda row: _number(row.realism),
            Kind.INTEGER,
        ),
        Column("origine", _("Adresse d’origine, si elle vient d’une autre plateforme."), lambda row: row.source_url),
        Column(
            "adresse",
            _("Adresse de sa page."),
            lambda row: f"{settings.SITE_URL}{row.get_absolute_url()}",
            Kind.ADDRESS,
        ),
    ),
    rows=read_ideas,
)


def _told(row: Idea, name: str) -> Any:
    """Give a part of the supports of an idea; nothing where it would single out a few people."""
    return _number(told.parts(row).get(name))


SUPPORTS = Table(
    name="idees-soutiens",
    title=_("Les soutiens aux idées"),
    summary=_("Une ligne par idée publiée\u00a0: des totaux, jamais qui soutient quoi."),
    columns=(
        Column("idee", OF_IDEA.meaning, lambda row: row.reference),
        Column("soutiens", _("Nombre de soutiens."), lambda row: row.verified_count + row.declared_count, Kind.INTEGER),
        Column(
            "residences_verifiees",
            _(
                "Dont personnes à la résidence vérifiée\u00a0; vide si l’une des deux parts est de moins de cinq, sauf où les seuils "
                "ne comptent que les résidences vérifiées."
            ),
            lambda row: _told(row, told.VERIFIED),
            Kind.INTEGER,
        ),
        Column(
            "residences_declarees",
            _(
                "Dont personnes à la résidence déclarée\u00a0; vide si l’une des deux parts est de moins de cinq, sauf où les seuils "
                "ne comptent que les résidences vérifiées."
            ),
            lambda row: _told(row, told.DECLARED),
            Kind.INTEGER,
        ),
        Column(
            "prochain_seuil",
            _("Soutiens que demande le prochain seuil\u00a0; vide quand le dernier est atteint."),
            lambda row: _number(row.next_supports),
            Kind.INTEGER,
        ),
        Column(
            "soutiens_jusqu_au",
            _("Dernier jour pour la soutenir, inclus."),
            lambda row: day(row.supports_until),
            Kind.DAY,
        ),
    ),
    rows=read_supports,
)

COMMENTS = Table(
    name="idees-commentaires",
    title=_("Les commentaires des idées"),
    summary=_("Une ligne par commentaire, question ou réponse, la dernière enregistrée d’abord."),
    columns=(
        REFERENCE,
        OF_IDEA,
        Column(
            "en_reponse_a",
            _("Référence du commentaire auquel il répond\u00a0; vide s’il ouvre un fil."),
            lambda row: row.parent.reference if row.parent else "",
        ),
        Column("sens", _named(STANCES), lambda row: STANCES[row.stance]),
        Column(
            "question",
            _("«\u00a0oui\u00a0» pour une question à l’auteur."),
            lambda row: "oui" if row.is_question else "non",
        ),
        Column(
            "critere",
            _("Critère de la première lecture dont il parle\u00a0; vide pour l’idée entière."),
            lambda row: CRITERIA.get(row.criterion, ""),
        ),
        Column("texte", _("Texte tel qu’il a été écrit, mise en forme comprise."), lambda row: row.body),
        Column("signature", _("Signature publique\u00a0: un nom ou un pseudonyme."), signatures.of_comment),
        Column("canal", _named(CHANNELS), lambda row: CHANNELS[row.channel]),
        Column(
            "publie_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.published_at), Kind.INSTANT
        ),
        Column("reponses", _("Nombre de réponses."), lambda row: row.reply_count, Kind.INTEGER),
    ),
    rows=read_comments,
)


ANSWERS = Table(
    name="idees-reponses",
    title=_("Les réponses de la Ville aux idées"),
    summary=_("Une ligne par réponse, celles qui ont été corrigées comprises, la plus récente d’abord."),
    columns=(
        REFERENCE,
        OF_IDEA,
        Column("numero", _("Numéro\u00a0: la dernière remplace les autres."), lambda row: row.number, Kind.INTEGER),
        Column("reponse", _named(OUTCOMES), lambda row: OUTCOMES[row.outcome]),
        Column("raisons", _("Pourquoi, tel que la Ville l’a écrit."), lambda row: row.reason),
        Column("detail", _("Le détail, pour qui veut en savoir plus."), lambda row: row.detail),
        Column("adresse_de_l_acte", _("Adresse de l’acte où la décision est publiée."), lambda row: row.act_url),
        Column("cout", _("Coût, en euros."), lambda row: _euros(row.cost_cents), Kind.NUMBER),
        Column("prochaine_etape", _("Prochaine étape."), lambda row: row.next_step),
        Column("prochaine_etape_le", _("Date de la prochaine étape."), lambda row: day(row.next_on), Kind.DAY),
        Column("transmise_a", _("À qui l’idée est transmise."), lambda row: row.handed_to),
        Column("et_ensuite", _("Ce que l’on peut faire après un refus."), lambda row: row.remedy),
        Column("fonction_du_signataire", _("Fonction de qui signe."), lambda row: row.signatory),
        Column("ce_qui_est_corrige", _("Ce que cette réponse corrige."), lambda row: row.correction),
        PUBLISHED,
        Column("reaction", _("Ce que l’auteur de l’idée en dit, une fois."), lambda row: row.said or ""),
        Column("reaction_le", _("Date et heure de cette réaction."), lambda row: instant(row.said_at), Kind.INSTANT),
    ),
    rows=read_answers,
)

READINGS = Table(
    name="idees-lectures",
    title=_("Les premières lectures des idées"),
    summary=_(
        "Une ligne par critère de chaque lecture de la Ville, celles qui ont été remplacées comprises, la plus récente d’abord."
    ),
    columns=(
        Column("idee", _("Référence de l’idée."), lambda row: row.reading.idea.reference),
        Column(
            "numero",
            _("Numéro de la lecture\u00a0: la dernière remplace les autres."),
            lambda row: row.reading.number,
            Kind.INTEGER,
        ),
        Column("competence", _named(POWERS), lambda row: POWERS[row.reading.power]),
        Column("transmise_a", _("À qui l’idée revient."), lambda row: row.reading.handed_to),
        Column("realisme", _("Réalisme de cette lecture, sur 100."), lambda row: row.reading.score, Kind.INTEGER),
        Column("critere", _named(CRITERIA), lambda row: CRITERIA[row.code]),
        Column("niveau", _("Niveau, de 0 (empêche le projet) à 4."), lambda row: row.level, Kind.INTEGER),
        Column("raison", _("Pourquoi ce niveau, tel que la Ville l’a écrit."), lambda row: row.reason),
        Column(
            "publiee_le",
            _("Date et heure à Mulhouse (ISO 8601)."),
            lambda row: instant(row.reading.published_at),
            Kind.INSTANT,
        ),
    ),
    rows=read_criteria,
)

GATHERINGS = Table(
    name="idees-regroupements",
    title=_("Les regroupements d’idées"),
    summary=_(
        "Une ligne par idée regroupée sous une autre, même si elles ont été séparées depuis, la dernière enregistrée d’abord."
    ),
    columns=(
        OF_IDEA,
        Column("reunie_par", _("Référence de l’idée qui réunit."), lambda row: row.gathering.parent.reference),
        Column(
            "propose_par",
            _("«\u00a0ville\u00a0» ou «\u00a0auteur\u00a0»."),
            lambda row: "ville" if row.gathering.is_of_city else "auteur",
        ),
        Column(
            "regroupee_le",
            _("Date et heure du regroupement."),
            lambda row: instant(row.gathering.opened_at),
            Kind.INSTANT,
        ),
        Column(
            "separee_le",
            _("Date et heure de la séparation\u00a0; vide sans séparation."),
            lambda row: instant(row.gathering.ended_at),
            Kind.INSTANT,
        ),
        Column("separee_par", _named(ENDS, optional=True), lambda row: ENDS.get(row.gathering.end, "")),
        Column("motif", _("Pourquoi, tel que la Ville l’a écrit."), lambda row: row.gathering.end_reason),
    ),
    rows=read_gatherings,
)

CAMPAIGN_SLUG = _("Nom dans les adresses, stable.")
CAMPAIGN_TABLE = Table(
    name="idees-campagnes",
    title=_("Les campagnes d’idées"),
    summary=_("Une ligne par campagne publiée, avec ses règles, la plus récente d’abord."),
    columns=(
        Column("campagne", CAMPAIGN_SLUG, lambda row: row.slug),
        Column("titre", _("Titre."), lambda row: row.title),
        Column("en_bref", _("En bref."), lambda row: row.summary),
        Column("sorte", _named(CAMPAIGNS), lambda row: CAMPAIGNS[row.kind]),
        Column("depots_du", _("Premier jour pour déposer."), lambda row: day(row.opens_on), Kind.DAY),
        Column(
            "depots_au",
            _("Dernier jour pour déposer, inclus\u00a0; vide sans fin."),
            lambda row: day(row.closes_on),
            Kind.DAY,
        ),
        Column(
            "soutiens_au",
            _("Dernier jour pour soutenir, inclus\u00a0; vide si chaque idée a ses propres jours."),
            lambda row: day(row.supports_end_on),
            Kind.DAY,
        ),
        Column(
            "jours_de_soutien",
            _("Jours pour réunir des soutiens, comptés du dépôt."),
            lambda row: row.support_days,
            Kind.INTEGER,
        ),
        Column("residence", _named(LEVELS), lambda row: LEVELS[row.residency_level]),
        Column("age_minimum", _("Âge minimum."), lambda row: _number(row.minimum_age), Kind.INTEGER),
        Column(
            "seuils_comptent",
            _("«\u00a0residences_verifiees\u00a0» ou «\u00a0tous_les_soutiens\u00a0»."),
            lambda row: "residences_verifiees" if row.verified_only else "tous_les_soutiens",
        ),
        Column(
            "realisme_demande",
            _("Réalisme demandé pour être étudiée, sur 100."),
            lambda row: row.least_realism,
            Kind.INTEGER,
        ),
        Column("budget", _("Budget, en euros."), lambda row: _euros(row.budget_cents), Kind.NUMBER),
        Column("idees", _("Nombre d’idées visibles."), lambda row: row.idea_count, Kind.INTEGER),
        PUBLISHED,
        Column(
            "adresse",
            _("Adresse de sa page."),
            lambda row: f"{settings.SITE_URL}{row.get_absolute_url()}",
            Kind.ADDRESS,
        ),
    ),
    rows=read_campaigns,
)

THRESHOLDS = Table(
    name="idees-seuils",
    title=_("Les seuils de soutiens"),
    summary=_("Une ligne par seuil d’une campagne publiée, et ce que la Ville y promet."),
    columns=(
        Column("campagne", _("Campagne, par son nom dans les adresses."), lambda row: row.campaign.slug),
        Column("soutiens", _("Soutiens demandés."), lambda row: row.supports, Kind.INTEGER),
        Column("nom", _("Nom du seuil."), lambda row: row.name),
        Column("promesse", _("Ce que la Ville promet."), lambda row: row.promise),
        Column("delai_jours", _("Délai pour tenir la promesse, en jours."), lambda row: row.days, Kind.INTEGER),
        Column(
            "ouvre_l_etude",
            _("«\u00a0oui\u00a0» si l’idée peut être étudiée à partir de ce seuil."),
            lambda row: "oui" if row.opens_study else "non",
        ),
    ),
    rows=read_thresholds,
)

MILESTONES = Table(
    name="idees-etapes",
    title=_("Les étapes des idées en réalisation"),
    summary=_("Une ligne par étape d’une idée que la Ville réalise."),
    columns=(
        OF_IDEA,
        Column("etape", _named(STEPS), lambda row: STEPS[row.step]),
        Column("annoncee_pour_le", _("Jour annoncé d’abord."), lambda row: day(row.first_planned_on), Kind.DAY),
        Column("prevue_le", _("Jour prévu."), lambda row: day(row.planned_on), Kind.DAY),
        Column("faite_le", _("Jour où elle a été faite."), lambda row: day(row.done_on), Kind.DAY),
    ),
    rows=read_milestones,
)

EVENT_TABLE = Table(
    name="idees-nouvelles",
    title=_("Les nouvelles des idées\u00a0: promesses tenues et réalisations"),
    summary=_(
        "Une ligne par événement daté\u00a0: promesse tenue, étape, nouvelle d’une idée que la Ville réalise. Le plus récent d’abord."
    ),
    columns=(
        REFERENCE,
        OF_IDEA,
        Column("sorte", _named(EVENTS), lambda row: EVENTS[row.kind]),
        Column("etape", _named(STEPS, optional=True), lambda row: STEPS.get(row.step, "")),
        Column(
            "seuil",
            _("Soutiens du seuil dont la promesse est tenue\u00a0; vide sinon."),
            lambda row: _number(row.threshold.supports if row.threshold else None),
            Kind.INTEGER,
        ),
        Column("date", _("Jour de l’événement."), lambda row: day(row.happened_on), Kind.DAY),
        Column("date_avant", _("Si une date change\u00a0: l’ancienne."), lambda row: day(row.date_before), Kind.DAY),
        Column("date_apres", _("Si une date change\u00a0: la nouvelle."), lambda row: day(row.date_after), Kind.DAY),
        Column("texte", _("Texte tel qu’il a été écrit."), lambda row: row.text),
        Column(
            "budget",
            _("Budget à partir de là, en euros\u00a0; vide s’il ne change pas."),
            lambda row: _euros(row.budget_cents),
            Kind.NUMBER,
        ),
        PUBLISHED,
    ),
    rows=read_events,
)

VOTES = Table(
    name="idees-votes",
    title=_("Les résultats des votes des campagnes"),
    summary=_("Une ligne par projet et par mesure, puis une par total, pour chaque vote dépouillé."),
    columns=(
        Column("campagne", _("Campagne, par son nom dans les adresses."), lambda row: row.campaign),
        Column("vote", _("Référence publique du vote."), lambda row: row.vote),
        Column("question", _("Question posée."), lambda row: row.question),
        Column(
            "mesure",
            _(
                "«\u00a0voix\u00a0», «\u00a0cout\u00a0», «\u00a0reste\u00a0» avant son tour (en centimes d’euro), "
                "«\u00a0votants\u00a0», «\u00a0bulletins\u00a0», «\u00a0blancs\u00a0», «\u00a0nuls\u00a0» ou "
                "«\u00a0exprimes\u00a0»."
            ),
            lambda row: row.measure,
        ),
        Column("projet", _("Titre du projet le jour du vote\u00a0; vide pour un total."), lambda row: row.label),
        Column(
            "idee",
            _("Référence de l’idée\u00a0; vide pour un total, ou si plus personne ne la lit."),
            lambda row: row.idea,
        ),
        Column("nombre", _("Nombre."), lambda row: row.number, Kind.INTEGER),
        Column("retenue", _("«\u00a0oui\u00a0» ou «\u00a0non\u00a0»\u00a0; vide pour un total."), lambda row: row.kept),
    ),
    rows=vote_results.read,
)
TABLES = {
    table.name: table
    for table in (
        IDEAS,
        SUPPORTS,
        COMMENTS,
        ANSWERS,
        CAMPAIGN_TABLE,
        THRESHOLDS,
        MILESTONES,
        EVENT_TABLE,
        VOTES,
        READINGS,
        GATHERINGS,
    )
}


def heading() -> dict[str, Any]:
    """Give what comes before the rows of a JSON file."""
    with translation.override("fr"):
        page, dictionary = reverse("ideas:list"), reverse("ideas:data")
    return {
        "source": settings.LEGAL["publisher"],
        "adresse": f"{settings.SITE_URL}{page}",
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "dictionnaire": f"{settings.SITE_URL}{dictionary}",
        "exporte_le": instant(timezone.now()),
    }
