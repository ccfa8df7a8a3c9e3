"""Projects of another city: read as declared, written once, wrong lines told and left out, and no code for the next city."""

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from benchmarks.rewordings import REAL
from city.models import Theme
from ideas import importing, mapped
from ideas.models import Campaign, Event, Idea, Milestone, Stage
from tests import factories as f
from transparency.models import RegisterLine
from transparency.verification import verify_whole

FIXTURES = Path(__file__).parents[1] / "fixtures"
INVENTED = FIXTURES / "projets-inventes.csv"
TODAY = dt.date(2026, 11, 24)

ELSEWHERE = """
[campaign]
slug = "essai-les-bains"
title = "Les idées d’Essai-les-Bains"
summary = "Une ville inventée."
opens_on = 2020-01-01
closes_on = 2020-12-31
[file]
empty = ["-"]
[columns]
key = "no"
published = "voté le"
theme = "sujet"
stage = "état"
budget = "montant"
district = "quartier"
[texts]
title = ["{nom}"]
need = ["{pourquoi}"]
proposal = ["{nom}.", "{détail}"]
[stages]
"oui" = "kept"
"fini" = "done"
[planned]
done = "fin prévue"
[done]
done = "fin"
"""
LINES = """no,nom,pourquoi,détail,sujet,état,montant,voté le,fin prévue,fin,quartier
1,Un préau,Il pleut,"Un toit, deux bancs",Écoles,Fini,"1 250,50 €",2020-03-05,2021,2021-06-30,Drouot
2,Un verger,On a faim,-,Jardins,OUI,-,2020-03,2030-05,,Ailleurs
"""


@pytest.fixture
def paris():
    return mapped.declaration((Path(importing.__file__).parent / "mappings" / "paris.toml").read_text(), name="paris")


def read(path, mapping):
    with path.open(encoding=mapping.encoding, newline="") as lines:
        return mapped.read(lines, mapping, today=TODAY)


def run(*args, **options):
    call_command("import_ideas", *map(str, args), verbosity=0, **options)


# --- Reading -------------------------------------------------------------------------------------------------------


def test_wrong_lines_are_told_and_left_out(paris):
    reading = read(INVENTED, paris)

    assert [str(problem) for problem in reading.problems] == [
        "ligne 18 : le texte « titre » est vide",
        "ligne 19 : la date « 2018-13 » (debut_etudes_projet) n’est pas de la forme AAAA-MM",
        "ligne 20 : l’avancement « EN PAUSE » n’est pas dans la correspondance",
        "ligne 21 : la clé 9001 est déjà plus haut",
    ]
    assert len(reading.projects) == 16


def test_line_is_read_as_declared(paris):
    project = read(INVENTED, paris).projects[5]

    assert (project.key, project.title, project.stage) == ("9006", "Un terrain de basket éclairé", "going_on")
    assert project.proposal == "Un terrain de basket éclairé.\n\nService pilote : Direction des Essais."
    assert (project.theme, project.cost, project.published_on) == (
        "Sport et loisirs",
        "60\u202f000\u00a0€",
        dt.date(2019, 1, 1),
    )
    # An address that was not kept is not said; nor is the day of what has none.
    assert project.place == "Paris, arrondissement 6"
    assert project.steps == (
        mapped.Step("study", dt.date(2019, 1, 1), dt.date(2019, 1, 1)),
        mapped.Step("works", dt.date(2019, 9, 1), dt.date(2019, 9, 1)),
        mapped.Step("done", dt.date(2026, 12, 1), None),
    )


def test_day_that_is_to_come_is_only_planned(paris):
    text = INVENTED.read_text().replace("Non ouvert", "2030-01")
    steps = mapped.read(text.splitlines(keepends=True), paris, today=TODAY).projects[5].steps

    assert steps[-1] == mapped.Step("done", dt.date(2026, 12, 1), None)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[columns]", "[colonnes]", "il manque 'columns'"),
        ('"oui" = "kept"', '"oui" = "gagné"', "étape inconnue gagné"),
        ("[done]\ndone", "[done]\nfini", "jalon inconnu fini"),
        ("[file]", "[file", "illisible"),
    ],
)
def test_declaration_that_can_not_be_followed_says_why(before, after, said):
    with pytest.raises(mapped.MappingError, match=said):
        mapped.declaration(ELSEWHERE.replace(before, after), name="essai")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("1,Un préau", ",Un préau", "la clé est vide"),
        ("Écoles", "-", "le thème est vide"),
        ("2020-03-05", "jamais", "la date « voté le » est vide"),
        ("1 250,50 €", "1.2.3", "le montant « 1.2.3 » (montant) n’est pas un nombre"),
        (",Drouot", ",Drouot,encore", "il n’y a pas autant de cases que de colonnes"),
        (",Drouot", "", "il n’y a pas autant de cases que de colonnes"),
    ],
)
def test_cell_that_can_not_be_read_leaves_its_line_out(before, after, said):
    mapping = mapped.declaration(ELSEWHERE, name="essai")
    reading = mapped.read(LINES.replace(before, after).splitlines(keepends=True), mapping, today=TODAY)

    assert ([str(problem) for problem in reading.problems], len(reading.projects)) == ([f"ligne 2 : {said}"], 1)


def test_long_title_is_cut_at_a_word():
    mapping = mapped.declaration(ELSEWHERE, name="essai")
    lines = LINES.replace("Un préau", "Un préau " * 20).splitlines(keepends=True)
    title = mapped.read(lines, mapping, today=TODAY).projects[0].title

    assert (len(title) <= 120, title.endswith("préau…")) == (True, True)


# --- Writing -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_import_writes_ideas_of_a_campaign_that_is_over():
    Theme.objects.all().delete()
    kept = f.make_theme(name="Sport et loisirs", slug="sport")
    run(INVENTED, mapping="paris")

    campaign = Campaign.objects.get()
    assert (campaign.kind, campaign.closes_on, campaign.idea_count) == ("edition", dt.date(2024, 12, 31), 16)
    stages = {stage: Idea.objects.filter(stage=stage).count() for stage in (*mapped.STAGES, Stage.SUPPORT)}
    assert stages == {
        **dict.fromkeys(stages, 0),
        "done": 5,
        "going_on": 7,
        "kept": 2,
        "abandoned": 2,
    }
    assert kept.ideas.count() == 1
    assert Theme.objects.filter(name="Sport et loisirs").count() == 1
    idea = Idea.objects.get(source_key="budget-participatif-de-paris:9001")
    assert (idea.author_id, idea.author_label, idea.channel) == (None, "Budget participatif de Paris", "import")
    assert list(idea.milestones.values_list("step", "first_planned_on", "planned_on", "done_on")) == [
        ("study", dt.date(2016, 1, 1), dt.date(2016, 1, 1), dt.date(2016, 1, 1)),
        ("design", dt.date(2016, 4, 1), dt.date(2016, 4, 1), dt.date(2016, 4, 1)),
        ("works", dt.date(2016, 7, 1), dt.date(2016, 7, 1), dt.date(2016, 7, 1)),
        ("done", dt.date(2016, 12, 1), dt.date(2016, 12, 1), dt.date(2017, 2, 1)),
    ]
    assert list(idea.events.order_by("happened_on").values_list("kind", "step", "budget_cents")) == [
        ("step", "study", None),
        ("step", "design", None),
        ("step", "works", None),
        ("step", "done", 1_000_000),
    ]
    assert not Event.objects.filter(told_at=None).exists()
    assert Event.objects.filter(kind="abandoned").count() == 2


@pytest.mark.django_db(transaction=True)
def test_import_again_writes_nothing_and_what_changed_is_updated(tmp_path):
    run(INVENTED, mapping="paris")
    before = (Idea.objects.count(), Milestone.objects.count(), Event.objects.count())
    run(INVENTED, mapping="paris")

    assert (Idea.objects.count(), Milestone.objects.count(), Event.objects.count()) == before
    line = RegisterLine.objects.get(act="idea.imported")
    assert '"ajoutees":16' in line.content
    assert '"ecartees":4' in line.content

    hidden = Idea.objects.get(source_key__endswith=":9002")
    Idea.objects.filter(pk=hidden.pk).update(hidden_at=hidden.published_at, hidden_reason="3.1")
    changed = tmp_path / "projets.csv"
    changed.write_text(
        INVENTED.read_text().replace(
            "TRAVAUX;2021-11;2022-03;2023-02;2027-06;Non ouvert", "FIN;2021-11;2022-03;2023-02;2027-06;2026-10"
        )
    )
    run(changed, mapping="paris")

    lines = RegisterLine.objects.filter(act="idea.imported").order_by("number")
    assert '"ajoutees":0' in lines[1].content
    assert '"mises_a_jour":2' in lines[1].content
    idea = Idea.objects.get(source_key__endswith=":9008")
    assert (idea.stage, idea.milestones.get(step="done").done_on) == ("done", dt.date(2026, 10, 1))
    assert idea.events.filter(step="done").count() == 1
    # What moderation decided here stays.
    hidden.refresh_from_db()
    assert hidden.hidden_reason == "3.1"
    assert verify_whole().reason == ""


@pytest.mark.django_db(transaction=True)
def test_batch_is_written_whole_or_not_at_all(paris):
    reading = read(INVENTED, paris)
    at = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    campaign = importing.open_campaign(mapping=paris, at=at)
    broken = [*reading.projects[:3], mapped.Project(**{**vars(reading.projects[3]), "title": "x" * 121})]

    with pytest.raises(Exception, match="too long"):
        importing.write_batch(campaign=campaign, projects=broken, report=importing.Report(), at=at)

    assert (Idea.objects.count(), Milestone.objects.count(), Event.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_another_city_needs_no_code(tmp_path):
    district = f.make_district(name="Drouot", slug="drouot")
    mapping, lines = tmp_path / "essai.toml", tmp_path / "essai.csv"
    mapping.write_text(ELSEWHERE)
    lines.write_text(LINES)

    run(lines, mapping=str(mapping))

    first, second = Idea.objects.order_by("source_key")
    assert (first.title, first.proposal, first.cost, first.place_district) == (
        "Un préau",
        "Un préau.\n\nUn toit, deux bancs",
        "1\u202f250\u00a0€",
        district,
    )
    assert (second.proposal, second.cost, second.place_district, second.stage) == ("Un verger.", "", None, "kept")
    assert list(second.milestones.values_list("step", "planned_on", "done_on")) == [("done", dt.date(2030, 5, 1), None)]
    assert set(Theme.objects.values_list("name", flat=True)) == {"Écoles", "Jardins"}


@pytest.mark.django_db(transaction=True)
def test_imported_idea_is_read_by_everybody():
    run(INVENTED, mapping="paris")

    response = Client().get(Idea.objects.get(source_key__endswith=":9001").get_absolute_url())

    assert (response.status_code, "Un kiosque à musique" in response.content.decode()) == (200, True)


@pytest.mark.django_db(transaction=True)
def test_trial_and_strict_run_write_nothing(capsys):
    call_command("import_ideas", str(INVENTED), mapping="paris", dry_run=True)
    assert "16 lignes lisibles, rien n’a été enregistré" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--strict"):
        run(INVENTED, mapping="paris", strict=True)
    assert (Campaign.objects.count(), Idea.objects.count(), Theme.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_what_can_not_be_imported_says_why(tmp_path):
    other = tmp_path / "autre.csv"
    other.write_text("a;b\n1;2\n")
    for args, mapping, said in (
        ((tmp_path / "absent.csv",), "paris", "Fichier introuvable"),
        ((INVENTED,), "atlantide", "Celles d’ici : paris"),
        ((other,), "paris", "Colonne absente du fichier : adresse_projet_gagnant"),
    ):
        with pytest.raises(CommandError, match=said):
            run(*args, mapping=mapping)
    other.write_bytes(INVENTED.read_text().encode("latin-1", "replace"))
    with pytest.raises(CommandError, match="n’est pas en utf-8"):
        run(other, mapping="paris")
    campaign = f.make_campaign(slug="budget-participatif-de-paris")
    f.make_idea(campaign=campaign)
    with pytest.raises(CommandError, match="celle d’une campagne d’ici"):
        run(INVENTED, mapping="paris")


@pytest.mark.skipif(not REAL.exists(), reason="the projects of Paris are not on this machine")
@pytest.mark.django_db(transaction=True)
def test_thousand_real_projects_are_imported_once(paris):
    reading = read(REAL, paris)
    assert (len(reading.projects), {problem.reason for problem in reading.problems}) == (
        997,
        {"le texte « titre » est vide"},
    )
    run(REAL, mapping="paris")
    before = (Idea.objects.count(), Milestone.objects.count(), Event.objects.count())
    run(REAL, mapping="paris")

    assert before[0] == 997
    assert (Idea.objects.count(), Milestone.objects.count(), Event.objects.count()) == before
    assert RegisterLine.objects.filter(act="idea.imported").count() == 1
