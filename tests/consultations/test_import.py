"""The import as an action and as a command: what is written, once, and what is said."""

import datetime as dt
import json
import re
import time
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils import timezone

from consultations import actions, capcollectif, counters, importing
from consultations.models import Comment, Consultation, Contribution, Section, Source
from consultations.phases import midnight
from mulhouse.errors import DomainError
from mulhouse.references import new_reference
from tests import factories
from tests.concurrency import run_in_threads
from transparency.models import RegisterLine

FIXTURE = Path(__file__).parent.parent / "fixtures" / "capcollectif.jsonl"
REAL = Path(settings.BASE_DIR).parent / "shared" / "data" / "republique-numerique" / "opinions.jsonl"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _city():
    factories.make_theme(slug="rues")
    factories.make_service(slug="voirie")


def run(file=FIXTURE, **options):
    out, err = StringIO(), StringIO()
    options.setdefault("slug", "bancs")
    call_command("import_consultation", str(file), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def rows():
    return (Contribution.objects.count(), Comment.objects.count(), Source.objects.count(), RegisterLine.objects.count())


def test_import_writes_the_consultation_with_its_origin():
    run(
        title="Des bancs",
        origin="l’ancienne plateforme",
        licence="Licence Ouverte 2.0",
        analyse_until=dt.date(2021, 5, 1),
        follow=True,
    )

    consultation = Consultation.objects.get()
    assert (consultation.slug, consultation.title, consultation.theme.slug) == ("bancs", "Des bancs", "rues")
    assert consultation.source_note == (
        "Données reprises de l’ancienne plateforme. Licence\u00a0: Licence Ouverte 2.0. "
        "Les votes d’origine sont des totaux\u00a0: personne n’y est nommé."
    )
    assert consultation.published_at == midnight(dt.date(2021, 3, 2))
    assert [(phase.kind, phase.starts_on, phase.ends_on) for phase in consultation.phases.all()] == [
        ("contribute", dt.date(2021, 3, 2), dt.date(2021, 4, 12)),
        ("analyse", dt.date(2021, 4, 13), dt.date(2021, 5, 1)),
        ("follow", dt.date(2021, 5, 2), None),
    ]
    assert (consultation.contribution_count, consultation.comment_count) == (2, 3)


def test_import_writes_what_people_wrote():
    run()

    first, second = Contribution.objects.order_by("published_at")
    assert (first.source_key, first.author_label, first.author, first.channel) == (
        "bancs:opinion:1",
        "participant-0001",
        None,
        "import",
    )
    assert (first.agree, first.mixed, first.disagree) == (12, 3, 1)
    assert (first.comment_count, first.for_count, first.against_count) == (2, 1, 1)
    assert first.created_at == first.published_at
    assert (second.comment_count, second.section.title) == (1, "Les places")
    assert [(comment.stance, comment.imported_support_count) for comment in first.comments.order_by("pk")] == [
        ("for", 4),
        ("against", 0),
    ]
    assert list(first.sources.values_list("title", "url")) == [
        ("Plan des bancs & fontaines", "https://exemple.org/plan"),
        ("Sans lien", ""),
    ]
    # In the order of their number over there.
    assert list(Section.objects.order_by("position").values_list("title", "contribution_count")) == [
        ("Les places", 1),
        ("Les rues", 1),
    ]


def test_import_writes_one_line_on_the_register():
    run(origin="l’ancienne plateforme")

    line = RegisterLine.objects.get()
    assert (line.act, line.role, line.subject) == ("consultation.imported", "agent", "bancs")
    assert json.loads(line.content)["faits"] == {
        "origine": "l’ancienne plateforme",
        "contributions": 2,
        "commentaires": 3,
        "textes mis à jour": 0,
        "mis de côté": 3,
        "illisibles": 12,
    }


def test_second_run_writes_nothing_and_says_so():
    run()
    before = rows()

    out, _err = run()

    assert rows() == before
    assert out.splitlines() == [
        "Contributions : 0 ajoutés, 0 mis à jour, 2 déjà à jour.",
        "Commentaires : 0 ajoutés, 0 mis à jour, 3 déjà à jour.",
        "Sources : 0 ajoutés, 0 mis à jour, 2 déjà à jour.",
        "Écartés par leur plateforme : 3. Illisibles, laissés de côté : 12.",
        "Tout était déjà là : rien n’a été écrit.",
    ]


def changed(tmp_path, change):
    """Copy the fixture with its first line changed."""
    lines = FIXTURE.read_bytes().splitlines(keepends=True)
    first = json.loads(lines[0])
    change(first)
    file = tmp_path / "encore.jsonl"
    file.write_bytes(json.dumps(first).encode() + b"\n" + b"".join(lines[1:]))
    return file


def test_changed_line_is_updated_and_the_debate_held_here_stays(tmp_path):
    run()
    contribution = Contribution.objects.get(source_key="bancs:opinion:1")
    factories.make_comment(contribution=contribution, stance="for")

    def change(row):
        row["body"] = "<p>Autre texte.</p>"
        row["votes_ok"] = 13
        row["arguments"][1]["type"] = 1
        row["arguments"].append({**row["arguments"][0], "id": 99})

    out, _err = run(changed(tmp_path, change))

    contribution.refresh_from_db()
    assert contribution.body.splitlines()[0] == "Autre texte."
    assert contribution.agree == 13
    assert (contribution.comment_count, contribution.for_count, contribution.against_count) == (4, 4, 0)
    assert Consultation.objects.get().comment_count == 5
    assert out.splitlines()[:2] == [
        "Contributions : 0 ajoutés, 1 mis à jour, 1 déjà à jour.",
        "Commentaires : 1 ajoutés, 1 mis à jour, 2 déjà à jour.",
    ]
    assert RegisterLine.objects.count() == 2


def test_withdrawn_contribution_is_not_counted_again(tmp_path):
    run()
    Contribution.objects.filter(source_key="bancs:opinion:10").update(withdrawn_at=dt.datetime.now(tz=dt.UTC))

    run(changed(tmp_path, lambda row: row.update(votes_ok=40)))

    consultation = Consultation.objects.get()
    assert (consultation.contribution_count, consultation.comment_count) == (1, 2)


def test_staff_keep_what_they_changed_on_the_consultation():
    run()
    Consultation.objects.update(title="Titre relu")

    run(title="Titre du fichier")

    assert Consultation.objects.get().title == "Titre relu"


def test_dry_run_writes_nothing():
    out, _err = run(dry_run=True)

    assert (Consultation.objects.count(), *rows()) == (0, 0, 0, 0, 0)
    assert out.splitlines()[0] == "Contributions : 2 ajoutés, 0 mis à jour, 0 déjà à jour."
    assert out.splitlines()[-1] == "Essai : rien n’a été enregistré."


def test_strict_refuses_the_whole_file():
    with pytest.raises(CommandError, match="12 erreur"):
        run(strict=True)

    assert (Consultation.objects.count(), *rows()) == (0, 0, 0, 0, 0)


def test_wrong_lines_are_told_by_number():
    _out, err = run()

    assert err.splitlines()[1] == "ligne 2 : JSON illisible au caractère 27."
    assert len(err.splitlines()) == 12


def test_every_wrong_line_is_told(tmp_path):
    good = FIXTURE.read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "long.jsonl").write_bytes(good + b"{\n" * 60)

    _out, err = run(tmp_path / "long.jsonl")

    told = [re.match(r"ligne (\d+)\s:", line) for line in err.splitlines()]
    assert [int(found[1]) for found in told if found] == list(range(2, 62))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theme": "lune"}, "Aucun thème « lune »"),
        ({"service": "lune"}, "Aucun service « lune »"),
        ({"analyse_until": dt.date(2021, 1, 1)}, "Les phases se suivent"),
    ],
)
def test_wrong_option_is_refused(options, message):
    with pytest.raises(CommandError, match=message):
        run(**options)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(CommandError, match="introuvable"):
        run(tmp_path / "rien.jsonl")


def test_file_without_a_readable_line_is_refused(tmp_path):
    (tmp_path / "vide.jsonl").write_text("\n")

    with pytest.raises(CommandError, match="aucune contribution lisible"):
        run(tmp_path / "vide.jsonl")


def test_address_of_another_consultation_is_refused():
    factories.make_consultation(slug="bancs")

    with pytest.raises(CommandError, match="ne vient pas d’un import"):
        run()


def test_new_consultation_needs_its_title_theme_and_service():
    with FIXTURE.open("rb") as lines:
        reading = capcollectif.read(lines)

    with pytest.raises(DomainError) as refused:
        importing.import_reading(reading=reading, target=importing.Target(slug="bancs"))

    assert refused.value.code == "import_incomplete"


def test_slug_is_the_folder_by_default(tmp_path):
    folder = tmp_path / "Mes Bancs"
    folder.mkdir()
    (folder / "opinions.jsonl").write_bytes(FIXTURE.read_bytes())

    run(folder / "opinions.jsonl", slug="")

    assert Consultation.objects.get().slug == "mes-bancs"
    assert Consultation.objects.get().title == "Mes bancs"


@pytest.mark.skipif(not REAL.exists(), reason="the real consultation is not beside the checkout (../shared/data)")
def test_real_consultation_whole_and_fast():
    started = time.monotonic()
    out, err = run(REAL, slug="republique-numerique")
    seconds = time.monotonic() - started

    assert err == ""
    assert out.splitlines()[:3] == [
        "Contributions : 497 ajoutés, 0 mis à jour, 0 déjà à jour.",
        "Commentaires : 2878 ajoutés, 0 mis à jour, 0 déjà à jour.",
        "Sources : 247 ajoutés, 0 mis à jour, 0 déjà à jour.",
    ]
    votes = Contribution.objects.aggregate(
        agree=Sum("imported_agree_count"), mixed=Sum("imported_mixed_count"), disagree=Sum("imported_disagree_count")
    )
    kept = [json.loads(line) for line in REAL.read_text().strip().split("\n")]
    kept = [row for row in kept if not row["is_trashed"]]
    assert votes == {
        "agree": sum(row["votes_ok"] for row in kept),
        "mixed": sum(row["votes_mitige"] for row in kept),
        "disagree": sum(row["votes_nok"] for row in kept),
    }
    assert not Contribution.objects.filter(body_html__icontains="<script").exists()
    before = rows()
    run(REAL, slug="republique-numerique")
    assert rows() == before
    assert seconds < 60


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_write_once():
    run_in_threads(4, lambda _number: run())

    assert rows() == (2, 3, 2, 1)
    assert Consultation.objects.get().comment_count == 3


@pytest.mark.django_db(transaction=True)
def test_comments_written_during_an_import_are_counted(tmp_path):
    run()
    Consultation.objects.get().phases.update(ends_on=None)
    contribution = Contribution.objects.select_related("consultation").get(source_key="bancs:opinion:1")
    residents = [factories.make_resident() for _ in range(6)]

    def change(row):
        row["arguments"].append({**row["arguments"][0], "id": 99})

    file = changed(tmp_path, change)

    def act(number):
        if number == 0:
            return run(file)
        return actions.comment(
            actor=residents[number],
            contribution=contribution,
            reference=new_reference(),
            stance="for",
            body="Pendant l’import.",
            at=timezone.now(),
        )

    answers = run_in_threads(6, act)

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert counters.recount(repair=False) == []
    assert Comment.objects.count() == 9
