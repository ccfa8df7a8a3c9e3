"""Every component in every state, for those who build pages and for the accessibility tests. Not served in production."""

from datetime import UTC, datetime

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mulhouse.access import public
from mulhouse.home import Deadline, KeyFigure
from mulhouse.templatetags import ui


class SampleForm(forms.Form):
    """One field of each sort."""

    title = forms.CharField(label="Titre", max_length=120, help_text="En une phrase, comme dans une conversation.")
    text = forms.CharField(
        label="Votre avis",
        max_length=3000,
        widget=forms.Textarea,
        help_text="Vous pouvez mettre en gras avec **deux étoiles**.",
    )
    email = forms.EmailField(label="Adresse électronique", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    code = forms.CharField(
        label="Code reçu par courriel",
        help_text="Six chiffres.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )
    district = forms.ChoiceField(
        label="Quartier", choices=[("", "Choisissez"), ("doller", "Doller"), ("coteaux", "Coteaux")], required=False
    )
    kind = forms.ChoiceField(
        label="Vous écrivez…",
        choices=[("opinion", "Un avis"), ("proposal", "Une proposition"), ("question", "Une question")],
        widget=forms.RadioSelect,
    )
    themes = forms.MultipleChoiceField(
        label="Thèmes suivis",
        choices=[("water", "Eau et rivières"), ("school", "Écoles"), ("street", "Rues et places")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    day = forms.DateField(label="Date", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    photo = forms.FileField(label="Photo", required=False, help_text="JPEG ou PNG, 5 Mo au plus.")
    charter = forms.BooleanField(label="J’ai lu la charte de la participation.")


def _at(day: int, month: int, hour: int = 18, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=timezone.get_current_timezone())


def _cards() -> list[ui.ProcessCard]:
    return [
        ui.ProcessCard(
            title="Quais du canal : quels usages demain ?",
            url="#carte-1",
            summary="Promenade, terrasses, ombre, calme : dites ce qui compte pour vous au bord de l’eau.",
            tag=ui.Tag("Avis ouverts", "yes"),
            motif="eau",
            step=2,
            steps=4,
            step_words="Étape 2 sur 4 : vos avis",
            left_words="20 jours restants",
            meta=[ui.Meta("186 contributions", "message-square"), ui.Meta("Centre historique", "map-pin")],
        ),
        ui.ProcessCard(
            title="Des cours d’école plus fraîches",
            url="#carte-2",
            summary="Onze cours seront plantées. Par lesquelles commencer, et avec quels jeux ?",
            tag=ui.Tag("La Ville étudie", "mixed"),
            motif="feuille",
            step=3,
            steps=5,
            step_words="Étape 3 sur 5 : l’analyse",
            left_words="9 jours restants",
            meta=[ui.Meta("148 contributions", "message-square"), ui.Meta("Toute la ville", "map-pin")],
        ),
        ui.ProcessCard(
            title="La place du marché, de jour comme de nuit",
            url="#carte-3",
            summary="Les étals, les terrasses, les voitures : chacun veut sa part de la place.",
            tag=ui.Tag("À venir", "info"),
            motif="maille",
            steps=4,
            step_words="Ouvre le 4 janvier 2027",
            meta=[ui.Meta("Franklin-Fridolin", "map-pin")],
        ),
        ui.ProcessCard(
            title="Un nom pour la nouvelle médiathèque",
            url="#carte-4",
            summary="Trois noms, proposés par les lecteurs, ont été soumis à tous.",
            tag=ui.Tag("Terminée"),
            motif="indienne",
            step=5,
            steps=4,
            step_words="Terminée",
            meta=[ui.Meta("1 204 contributions", "message-square")],
        ),
    ]


def _phases() -> list[ui.Phase]:
    return [
        ui.Phase("S’informer", "du 2 au 22 mars", "done", "Terminé"),
        ui.Phase("Donner son avis", "du 23 mars au 31 mai", "done", "Terminé : 312 contributions"),
        ui.Phase("Analyser", "du 1er au 30 juin", "current", "En cours : encore 12 jours"),
        ui.Phase("Décider", "en novembre", "next", "À venir"),
        ui.Phase("Suivre les travaux", "jusqu’en juin 2028", "next", "À venir"),
    ]


def _documents() -> list[ui.Document]:
    return [
        ui.Document("Dossier de la consultation", "#doc-1", "PDF", 1_240_000, pages=18),
        ui.Document("Plan des quais", "#doc-2", "PDF", 84_000, pages=1, html_url="#doc-2-page", accessible=False),
        ui.Document("Contributions et commentaires", "#doc-3", "CSV", 310_500),
    ]


def _milestones() -> list[ui.Milestone]:
    return [
        ui.Milestone("Projet adopté", "done", at=_at(12, 11)),
        ui.Milestone("Réponses publiées", "done", at=_at(20, 11), url="#reponses"),
        ui.Milestone("Choix des entreprises", "current", when="Janvier 2027", text="Trois entreprises ont répondu."),
        ui.Milestone("Ouverture du chemin", "next", when="Juin 2028"),
    ]


@public
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the gallery; `?erreurs=1` shows the form as it comes back refused."""
    failed = "erreurs" in request.GET
    form = SampleForm({"title": "Un banc", "kind": "autre"} if failed else None)
    context = {
        "form": form,
        "crumbs": [ui.Crumb("Consultations", "#consultations"), ui.Crumb("Galerie")],
        "tags": [ui.Tag("Décision rendue", "yes", "check")],
        "meta": [ui.Meta("Bourtzwiller", "map-pin"), ui.Meta("748 participants", "users")],
        "all_tags": [
            ui.Tag("Neutre"),
            ui.Tag("Retenue", "yes", "check"),
            ui.Tag("En partie", "mixed", "equal"),
            ui.Tag("Non retenue", "no", "x"),
            ui.Tag("En cours", "info", "clock"),
        ],
        "retained": ui.Tag("Retenue", "yes", "check"),
        "refused": ui.Tag("Non retenue", "no", "x"),
        "cards": _cards(),
        "phases": _phases(),
        "tabs": [
            ui.Tab("Présentation", "#cartes", current=True),
            ui.Tab("Contributions", "#textes", count=312),
            ui.Tab("Suivi", "#suivi"),
            ui.Tab("Documents", "#fiches", count=6),
        ],
        "chips": [
            ui.Tab("Toutes", "#c1", current=True),
            ui.Tab("Promenade", "#c2", count=96),
            ui.Tab("Eau", "#c3", count=0),
        ],
        "filters": [ui.ActiveFilter("Quartier : Doller", "#f1"), ui.ActiveFilter("Propositions", "#f2")],
        "pages": ui.pages_of(number=5, total=32, url_of=lambda page: f"#page-{page}"),
        "documents": _documents(),
        "milestones": _milestones(),
        "facts": [
            ui.Fact("Qui décide ?", "Le conseil municipal"),
            ui.Fact("Budget", "1,8 million d’euros"),
            ui.Fact("Service", "Espaces verts", url="#service"),
        ],
        "answers": [
            ui.Fact("Titre", "Un chemin sans coupure", url="#titre", action="Modifier"),
            ui.Fact(
                "Votre avis", "Aujourd’hui il faut remonter deux fois sur la route.", url="#texte", action="Modifier"
            ),
            ui.Fact("Signature", "Nadia B."),
        ],
        "figures": [
            KeyFigure("4 218", "contributions publiées"),
            KeyFigure("91 %", "réponses données dans le délai promis"),
            KeyFigure("27", "décisions expliquées"),
            KeyFigure("160", "habitants tirés au sort"),
        ],
        "deadlines": [
            Deadline(_at(12, 12, 23, 59), "Quais du canal : derniers jours", "#d1", "samedi 12 décembre, 23 h 59"),
            Deadline(_at(17, 12), "Conseil municipal : vote du budget", "#d2", "jeudi 17 décembre, 18 h"),
        ],
        "stances": [
            ui.Choice("for", "Pour", "thumbs-up"),
            ui.Choice("against", "Contre", "x"),
            ui.Choice("neutral", "Neutre", "minus", checked=True),
        ],
        "unchosen": [ui.Choice("for", "Pour"), ui.Choice("against", "Contre"), ui.Choice("neutral", "Neutre")],
        "written_at": datetime(2026, 4, 1, 8, 30, tzinfo=UTC),
        "stance_for": [ui.Tag("Pour", "yes")],
        "stance_against": [ui.Tag("Contre", "no")],
        "icons": sorted(ui.icon_names()),
    }
    return render(request, "gallery/show.html", context)
