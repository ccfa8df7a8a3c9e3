"""The archive package of a consultation: who has it made, what it holds and never holds, and that it can be verified."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from ballots import actions, dates
from consultations import amendments, archiving_rules, packaging, tasks
from consultations.models import (
    ArchivePackage,
    Attachment,
    Comment,
    ConsultationCommitment,
    Contribution,
    ContributionVersion,
    Document,
    Item,
    Outcome,
    Position,
    Report,
)
from consultations.reporting import figures
from mulhouse.errors import RefusedError
from questionnaires.models import Answer
from tests import factories as f
from tests.ballots.votes import cast, closed, make_draft, make_vote
from tests.commitments.rows import make_commitment, make_news
from tests.factories import sign_in
from tests.questionnaires.making import add_question, make_questionnaire, make_response, option
from transparency import register
from transparency.models import RegisterLine

PUBLISH = "consultations.publish_consultation"
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def archived(**fields):
    return f.make_consultation(phase="follow", archived_at=NOW, **fields)


def made(consultation, *, at=None):
    """Ask for the package and make it, as the worker does."""
    package = packaging.ask(actor=f.make_staff(PUBLISH), consultation=consultation, at=at or timezone.now())
    tasks.make_package(package_id=package.pk)
    package.refresh_from_db()
    return package


def content(package):
    with default_storage.open(package.file.name) as file:
        return file.read()


def opened(package):
    return zipfile.ZipFile(io.BytesIO(content(package)))


def texts(package):
    """Read every file of the package as text, by its name without the folder."""
    bundle = opened(package)
    return {name.partition("/")[2]: bundle.read(name).decode("utf-8", "replace") for name in bundle.namelist()}


def body(response):
    return b"".join(response.streaming_content)


# --- Who -----------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"archived_at": None}, "not_over"),
        ({"published_at": None, "archived_at": None}, "not_published"),
        ({}, None),
    ],
)
def test_package_is_for_what_is_over(fields, code):
    consultation = f.make_consultation(phase="follow", **{"archived_at": NOW, **fields})
    refusal = archiving_rules.package_refusal(f.make_staff(PUBLISH), consultation)
    assert (refusal.code if refusal else None) == code


@pytest.mark.django_db
def test_a_published_report_is_enough():
    consultation = f.make_consultation(phase="follow")
    Report.objects.create(consultation=consultation, published_at=NOW, figures={})
    assert archiving_rules.package_refusal(f.make_staff(PUBLISH), consultation) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "permissions", [(), ("consultations.change_consultation",), ("consultations.view_consultation",)]
)
def test_other_agents_and_residents_do_not_ask_for_it(permissions):
    consultation = archived()
    for actor in (f.make_staff(*permissions), f.make_resident()):
        with pytest.raises(RefusedError, match="ne permet pas"):
            packaging.ask(actor=actor, consultation=consultation, at=NOW)
    assert not ArchivePackage.objects.exists()


@pytest.mark.django_db
def test_it_is_asked_once_at_a_time():
    consultation, agent = archived(), f.make_staff(PUBLISH)
    packaging.ask(actor=agent, consultation=consultation, at=NOW)
    with pytest.raises(RefusedError, match="déjà en préparation"):
        packaging.ask(actor=agent, consultation=consultation, at=NOW)
    assert packaging.renew(consultation=consultation, at=NOW) is None
    assert ArchivePackage.objects.count() == 1


@pytest.mark.django_db
def test_button_is_shown_to_those_who_publish_once_it_is_over(client):
    consultation = archived()
    page = f"/gestion/consultations/consultation/{consultation.pk}/publication/"
    sign_in(client, f.make_staff("consultations.change_consultation"))
    address = f"/gestion/consultations/consultation/{consultation.pk}/geste/dossier/"
    assert "Préparer le dossier" not in client.get(page).content.decode()
    assert client.post(address).status_code in {403, 404}
    sign_in(client, f.make_staff("consultations.change_consultation", PUBLISH))
    assert "Préparer le dossier" in client.get(page).content.decode()
    assert client.post(address).status_code == 302
    assert ArchivePackage.objects.get().state == "waiting"
    assert "Préparer le dossier" not in client.get(page).content.decode()


@pytest.mark.django_db
def test_nothing_to_download_before_it_is_made(client):
    consultation = archived()
    packaging.ask(actor=f.make_staff(PUBLISH), consultation=consultation, at=NOW)
    assert client.get(f"/concertations/{consultation.slug}/dossier.zip").status_code == 404
    assert "dossier.zip" not in client.get(f"/concertations/{consultation.slug}/donnees/").content.decode()
    assert client.post(f"/concertations/{consultation.slug}/dossier.zip").status_code == 405
    draft = f.make_consultation(published_at=None)
    assert client.get(f"/concertations/{draft.slug}/dossier.zip").status_code == 404


# --- What it holds -------------------------------------------------------------------------------------------------------


@pytest.fixture
def whole(transactional_db):
    """A consultation that is over, with one of each thing that is public, and of each that is not."""
    author = f.make_resident(public_name="Lou Publique", email="lou.secrete@example.org")
    consultation = archived(
        title="Les bancs & les arbres",
        description='<p>Voir <a href="/registre/">le registre</a>.</p>',
        published_at=NOW - dt.timedelta(days=90),
    )
    amendments_at = NOW - dt.timedelta(days=90)
    with transaction.atomic():
        amendments.freeze(consultation, at=amendments_at)
    Document.objects.create(
        consultation=consultation,
        title="Étude d’ombre",
        file=default_storage.save("documents/etude.pdf", ContentFile(b"%PDF-1.7 etude")),
        content_type="application/pdf",
        size=14,
        is_accessible=True,
    )
    kept = f.make_contribution(
        consultation=consultation, author=author, title="Un tilleul <b>ici</b>", place="Le square", body="De l’ombre."
    )
    Attachment.objects.create(
        contribution=kept,
        kind="photo",
        file=default_storage.save("contributions/x.webp", ContentFile(b"RIFFphoto")),
        name="photo.webp",
        alt="Un square sans arbre",
        content_type="image/webp",
        size=9,
    )
    opening = f.make_comment(contribution=kept, body="Très bien.")
    f.make_comment(parent=opening, body="Je suis d’accord avec vous.")
    gone = f.make_comment(contribution=kept, body="MOT-RETIRE-1", withdrawn_at=NOW)
    f.make_comment(parent=gone, body="Une réponse à ce qui fut retiré.")
    Comment.objects.filter(pk=f.make_comment(contribution=kept, body="MOT-MASQUE-1").pk).update(
        hidden_at=NOW, hidden_reason="Une raison."
    )
    f.make_contribution(
        consultation=consultation, author=author, title="MOT-RETIRE-2", body="MOT-RETIRE-3", withdrawn_at=NOW
    )
    hidden = f.make_contribution(
        consultation=consultation,
        title="MOT-MASQUE-2",
        body="MOT-MASQUE-3",
        hidden_at=NOW,
        hidden_reason="MOT-MASQUE-4",
    )
    f.make_comment(contribution=hidden, body="MOT-MASQUE-5")
    f.make_contribution(consultation=consultation, author=author, title="MOT-BROUILLON", published_at=None)
    f.make_contribution(title="MOT-AILLEURS")
    Position.objects.create(contribution=kept, resident=f.make_resident(public_name="Votante"), choice="agree")
    Contribution.objects.filter(pk=kept.pk).update(agree_count=1, corrected_at=NOW)
    ContributionVersion.objects.create(
        contribution=kept, number=1, title="Un arbre ici", body="…", body_html="<p>Mot d’avant.</p>", replaced_at=NOW
    )
    Report.objects.create(
        consultation=consultation,
        published_at=NOW,
        figures=figures.collect(consultation, at=NOW),
        said="<p>Les habitants veulent de l’ombre.</p>",
        pdf=default_storage.save("bilans/b.pdf", ContentFile(b"%PDF-1.7 bilan")),
        pdf_state="ready",
        pdf_size=14,
    )
    return consultation


def item_of(title):
    return f.make_item(contribution=Contribution.objects.get(title=title))


def own_answer(item, words):
    return Outcome.objects.create(
        consultation=item.consultation,
        item=item,
        subject=f"{words}-SUJET",
        decision="not_kept",
        explanation=words,
        explanation_html=f"<p>{words}</p>",
        published_at=NOW,
    )


def test_answers_to_what_nobody_reads_are_not_in_the_package(whole):
    """An answer of its own quotes the opinion: the pages and the files of the site leave it out, so does the package."""
    asked = make_questionnaire(consultation=whole, opens=-9, closes=-2)
    question = add_question(asked, "text")
    make_response(asked, Answer(question=question, text="Libre"))
    answer = Answer.objects.get(question=question)
    unread = {
        "RETIRE": item_of("MOT-RETIRE-2"),
        "MASQUE": item_of("MOT-MASQUE-2"),
        "LIBRE": Item.objects.create(
            consultation=whole, answer=answer, kind="answer", channel="web", received_at=NOW, words="Libre"
        ),
    }
    for name, item in unread.items():
        own_answer(item, f"MOT-{name}-SUITE")
    own_answer(item_of("Un tilleul <b>ici</b>"), "Réponse à l’avis lu")
    theme = f.make_analysis_theme(consultation=whole)
    Outcome.objects.create(
        consultation=whole,
        theme=theme,
        subject="Les arbres",
        decision="kept",
        explanation="Réponse au thème",
        explanation_html="<p>Réponse au thème</p>",
        published_at=NOW,
    )
    files = texts(made(whole))
    page = files["suites.html"]
    assert ("Réponse à l’avis lu" in page, "Réponse au thème" in page) == (True, True)
    assert [(name, word) for name, text in files.items() for word in unread if f"MOT-{word}-SUITE" in text] == []


def test_package_holds_everything_public(whole):
    package = made(whole)
    files = texts(package)
    assert {
        "index.html",
        "regles.html",
        "bilan.html",
        "contributions/page-1.html",
        "donnees/contributions.csv",
        "donnees/commentaires.csv",
        "donnees/chiffres.csv",
        "registre.csv",
        "style.css",
        "LISEZMOI.txt",
        "SHA256SUMS",
        "bilan/bilan-v1.pdf",
        "bilan/avis-v1.csv",
        "bilan/participation-v1.csv",
        "documents/01-étude-d-ombre.pdf",
    } <= files.keys()
    assert files["bilan/bilan-v1.pdf"] == "%PDF-1.7 bilan"
    assert [name for name in files if name.startswith("fichiers/")] == [
        f"fichiers/{whole.contributions.get(title__startswith='Un tilleul').reference}-1.webp"
    ]
    page = files["contributions/page-1.html"]
    for words in (
        "Un tilleul &lt;b&gt;ici&lt;/b&gt;",
        "Lou Publique",
        "Très bien.",
        "Je suis d’accord avec vous.",
        "Le square",
        "Un arbre ici",
        "Mot d’avant.",
    ):
        assert words in page
    assert page.count("Commentaire retiré.") == 1
    # Each thread stands once, its opening above its replies.
    said = ("Très bien.", "Je suis d’accord avec vous.", "Une réponse à ce qui fut retiré.")
    assert [page.count(words) for words in said] == [1, 1, 1]
    assert sorted(said, key=page.index) == list(said)
    assert "Une réponse à ce qui fut retiré." in page
    assert "Les habitants veulent de l’ombre." in files["bilan.html"]
    assert "Les bancs & les arbres" in files["LISEZMOI.txt"]
    assert [row["titre"] for row in csv.DictReader(io.StringIO(files["donnees/contributions.csv"]), delimiter=";")] == [
        "Un tilleul <b>ici</b>"
    ]


def test_package_holds_nothing_that_is_not_public(whole):
    """Neither a draft, nor what was withdrawn or hidden, nor an address, nor who took a position."""
    found = "\n".join(texts(made(whole)).values())
    assert re.findall(r"MOT-[A-Z]+(?:-\d)?", found) == []
    assert re.findall(r"[\w.+-]+@[\w-]+\.\w+", found) == []
    assert "Votante" not in found


def test_register_lines_are_those_of_the_consultation_and_recompute(whole):
    first = made(whole)
    second = made(whole)
    assert ArchivePackage.objects.get(pk=first.pk).state == "replaced"
    rows = list(csv.DictReader(io.StringIO(texts(second)["registre.csv"])))
    assert [row["acte"] for row in rows] == [
        "consultation.package_asked",
        "consultation.packaged",
        "consultation.package_asked",
    ]
    facts = json.loads(rows[1]["contenu"])["faits"]
    assert facts == {"version": 1, "sha256": first.sha256, "octets": first.size}
    for row in rows:
        assert hashlib.sha256(f"{row['precedent']}\n{row['contenu']}".encode()).hexdigest() == row["sceau"]


def test_sums_are_verified_by_the_usual_command(whole, tmp_path):
    package = made(whole)
    assert hashlib.sha256(content(package)).hexdigest() == package.sha256
    bundle = opened(package)
    bundle.extractall(tmp_path / "dossier")
    folder = tmp_path / "dossier" / f"{whole.slug}-v1"
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = {line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert listed == {name.partition("/")[2] for name in bundle.namelist()} - {"SHA256SUMS"}
    (folder / "index.html").write_text("changée")
    assert (
        subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False).returncode == 1
    )


class Reader(HTMLParser):
    """What a page of the package promises: a language, a title, one h1, and where its links lead."""

    def __init__(self):
        super().__init__()
        self.lang, self.title, self.h1, self.links, self.tags, self.ids = "", "", 0, [], set(), []
        self._in_title = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.lang = given.get("lang", self.lang) if tag == "html" else self.lang
        self._in_title = tag == "title"
        self.h1 += tag == "h1"
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        self.ids += [given["id"]] if "id" in given else []
        assert "style" not in given
        assert not [name for name in given if name.startswith("on")]
        assert tag != "img" or "alt" in given

    def handle_data(self, data):
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag):
        self._in_title = False


def test_pages_stand_alone(whole):
    stand_alone(whole, pages=4)


def stand_alone(whole, *, pages):
    """No script, nothing asked of a network to be shown, every relative link leads to a file of the package."""
    files, expected = texts(made(whole)), pages
    pages = {name: text for name, text in files.items() if name.endswith(".html")}
    assert len(pages) == expected
    for name, text in pages.items():
        reader = Reader()
        reader.feed(text)
        assert (reader.lang, reader.h1) == ("fr", 1)
        assert whole.title in reader.title
        assert len(reader.ids) == len(set(reader.ids))
        assert not {"script", "iframe", "form", "style"} & reader.tags
        for link in reader.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in {"http", "https"}
                continue
            path = PurePosixPath(name).parent / unquote(parts.path)
            assert _normal(path) in files, f"{name} → {link}"
    assert "http" not in files["style.css"]
    assert 'href="/' not in "".join(pages.values())


def _normal(path):
    parts = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


# --- Questionnaires, votes, commitments ------------------------------------------------------------------------------------


@pytest.fixture
def gathered(whole):
    """The same, with a questionnaire, a vote and a commitment of each sort: public with its result, cancelled, draft."""
    asked = make_questionnaire(consultation=whole, title="Vos trajets", closes=0, intro="Dix questions.")
    choice = add_question(asked, label="Venez-vous à pied ?", options=("Souvent", "Jamais"), other="Autre")
    text = add_question(asked, "text", label="Que changer ?")
    add_question(asked, "matrix", label="Et pour aller où ?", rows=("À l’école",), options=("À pied", "À vélo"))
    for rank in range(6):
        make_response(
            asked,
            Answer(
                question=choice, option=option(choice, "Souvent" if rank else "Autre"), text="" if rank else "MOT-AUTRE"
            ),
            Answer(question=text, text=f"MOT-LIBRE-{rank}"),
        )
    cancelled = make_questionnaire(
        consultation=whole, title="Annulé", cancelled_at=NOW, cancel_reason="Une erreur dans la question."
    )
    for _ in range(5):
        question = cancelled.sections.get().questions.first() or add_question(cancelled, label="Et ceci ?")
        make_response(cancelled, Answer(question=question, option=option(question, "Oui")))
    make_questionnaire(consultation=whole, title="MOT-BROUILLON-1", published_at=None)
    link = make_vote(consultation=whole, question="Quel arbre ?", opens_on=f.today() - dt.timedelta(days=20))
    for rank in range(6):
        cast(link, [1 if rank else 2], at=dates.midnight(link.votation.opens_on) + dt.timedelta(hours=9))
    actions.count(votation=link.votation, at=closed(link))
    make_draft(consultation=whole, question="MOT-BROUILLON-2")
    promised = make_commitment(title="Planter un tilleul")
    make_news(promised)
    draft = make_commitment(title="MOT-BROUILLON-3", published_at=None, news_at=None)
    for each in (promised, draft):
        ConsultationCommitment.objects.create(consultation=whole, commitment=each)
    make_commitment(title="MOT-AILLEURS-2")
    with transaction.atomic():
        register.record("questionnaire.published", role="agent", subject=asked.reference)
        register.record("commitment.published", role="agent", subject=promised.reference)
        register.record("commitment.published", role="agent", subject="AUTRE234")
    return asked, cancelled, link.votation, promised


def test_package_holds_its_questionnaires_votes_and_commitments(whole, gathered):
    asked, cancelled, votation, promised = gathered
    files = texts(made(whole))
    questionnaire, vote = f"questionnaires/{asked.reference.lower()}", f"votes/{votation.reference.lower()}"
    assert {name for name in files if name.startswith(("questionnaires/", "votes/", "engagements"))} == {
        f"{questionnaire}.html",
        f"{questionnaire}.csv",
        f"{questionnaire}-croisements.csv",
        f"questionnaires/{cancelled.reference.lower()}.html",
        f"{vote}.html",
        f"{vote}.csv",
        f"{vote}.json",
        "engagements.html",
    }
    for words in (
        "Vos trajets",
        "Dix questions.",
        "Venez-vous à pied",
        "6 réponses.",
        "À l’école",
        '<th scope="row">Souvent</th>',
    ):
        assert words in files[f"{questionnaire}.html"], words
    assert len(files[f"{questionnaire}.csv"].splitlines()) == 7
    assert files[f"{questionnaire}.csv"].startswith("numero;1. ")
    assert "Une erreur dans la question." in files[f"questionnaires/{cancelled.reference.lower()}.html"]
    assert "<table>" not in files[f"questionnaires/{cancelled.reference.lower()}.html"]
    for words in ("Quel arbre", "Un kiosque", "Le résultat", "Quorum", '<th scope="row">Un kiosque</th><td>5</td>'):
        assert words in files[f"{vote}.html"], words
    assert "voix;Un kiosque;5;oui" in files[f"{vote}.csv"]
    for words in ("Planter un tilleul", "Les fosses sont creusées."):
        assert words in files["engagements.html"]
    assert "Planter un tilleul" in files["donnees/engagements.csv"]
    assert "Les fosses sont creusées." in files["donnees/engagements-nouvelles.csv"]
    lines = {(row["acte"], row["objet"]) for row in csv.DictReader(io.StringIO(files["registre.csv"]))}
    assert {
        ("questionnaire.published", asked.reference),
        ("vote.published", votation.reference),
        ("vote.counted", votation.reference),
        ("commitment.published", promised.reference),
    } <= lines
    assert ("commitment.published", "AUTRE234") not in lines


def test_nothing_internal_of_them_enters(whole, gathered):
    """No draft, no free text, nothing of a cancelled questionnaire, no receipt, no voter."""
    found = "\n".join(texts(made(whole)).values())
    assert re.findall(r"MOT-[A-Z]+(?:-\d)?", found) == []
    assert re.findall(r"[\w.+-]+@[\w-]+\.\w+", found) == []


def test_pages_of_them_stand_alone(whole, gathered):
    stand_alone(whole, pages=8)


def test_report_of_the_package_holds_its_figures(whole):
    page = texts(made(whole))["bilan.html"]
    assert '<h2 id="chiffres">Les chiffres</h2>' in page
    assert "<dt>contribution</dt><dd>1</dd>" in page
    assert "Les contributions, par partie et par sorte" in page


# --- Downloading it ------------------------------------------------------------------------------------------------------


def test_anybody_downloads_it(whole, client):
    package = made(whole)
    data = client.get(f"/concertations/{whole.slug}/donnees/").content.decode()
    assert f"/concertations/{whole.slug}/dossier.zip" in data
    assert package.sha256 in data
    response = client.get(f"/concertations/{whole.slug}/dossier.zip")
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == f'attachment; filename="{whole.slug}-v1.zip"'
    assert hashlib.sha256(body(response)).hexdigest() == package.sha256


@pytest.mark.parametrize("change", ["withdraw", "hide", "hide_comment", "close_account", "rename"])
def test_what_is_public_no_more_leaves_the_archives(whole, client, change):
    """The file is not given any longer, and the next sweep makes one without it and deletes the former."""
    package = made(whole)
    kept = whole.contributions.get(title__startswith="Un tilleul")
    if change == "withdraw":
        Contribution.objects.filter(pk=kept.pk).update(withdrawn_at=NOW)
    elif change == "hide":
        Contribution.objects.filter(pk=kept.pk).update(hidden_at=NOW, hidden_reason="Une raison.")
    elif change == "hide_comment":
        Comment.objects.filter(body="Très bien.").update(hidden_at=NOW, hidden_reason="Une raison.")
    elif change == "close_account":
        Contribution.objects.filter(pk=kept.pk).update(author=None)
    else:
        type(kept.author).objects.filter(pk=kept.author_id).update(public_name="Autre Nom")
    assert client.get(f"/concertations/{whole.slug}/dossier.zip")["Location"] == f"/concertations/{whole.slug}/donnees/"
    page = client.get(f"/concertations/{whole.slug}/donnees/?2").content.decode()
    assert "en train d’être refait" in page
    assert "dossier.zip" not in page
    tasks.sweep_packages()
    renewed = ArchivePackage.objects.get(version=2)
    tasks.make_package(package_id=renewed.pk)
    assert not default_storage.exists(package.file.name)
    found = "\n".join(texts(packaging.current(whole)).values())
    gone = {"withdraw": "tilleul", "hide": "tilleul", "hide_comment": "Très bien."}.get(change, "Lou Publique")
    assert gone not in found
    assert zipfile.is_zipfile(io.BytesIO(body(client.get(f"/concertations/{whole.slug}/dossier.zip"))))
    assert list(ArchivePackage.objects.values_list("version", "state").order_by("version")) == [
        (1, "replaced"),
        (2, "ready"),
    ]


def test_a_package_that_is_true_is_left_alone(whole):
    made(whole)
    tasks.sweep_packages()
    assert ArchivePackage.objects.count() == 1


# --- Making it -----------------------------------------------------------------------------------------------------------


def test_made_twice_is_one_file(whole):
    package = made(whole)
    tasks.make_package(package_id=package.pk)
    tasks.make_package(package_id=0)
    assert default_storage.listdir("archives")[1] == [package.file.name.rpartition("/")[2]]
    assert RegisterLine.objects.filter(act="consultation.packaged").count() == 1


def test_a_failure_leaves_nothing(whole, monkeypatch):
    package = packaging.ask(actor=f.make_staff(PUBLISH), consultation=whole, at=NOW)

    def refuse(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr("transparency.register.record", refuse)
    with pytest.raises(OSError, match="no space"):
        tasks.make_package(package_id=package.pk)
    monkeypatch.undo()
    package.refresh_from_db()
    assert (package.state, package.file.name) == ("failed", "")
    assert default_storage.listdir("archives")[1] == []
    assert made(whole).version == 2


def test_what_was_lost_with_its_worker_is_taken_up(whole, monkeypatch):
    package = packaging.ask(actor=f.make_staff(PUBLISH), consultation=whole, at=NOW)
    long_ago = timezone.now() - packaging.LOST_AFTER * 2
    ArchivePackage.objects.update(state="making", begun_at=long_ago, asked_at=long_ago)
    tasks.sweep_packages()
    package.refresh_from_db()
    assert package.state == "waiting"


def test_files_without_a_row_are_swept(whole, monkeypatch):
    package = made(whole)
    for folder in ("archives", "documents", "consultations"):
        default_storage.save(f"{folder}/perdu.bin", ContentFile(b"x"))
    monkeypatch.setattr(tasks, "YOUNG", dt.timedelta(seconds=-5))
    tasks.purge_files()
    assert default_storage.listdir("archives")[1] == [package.file.name.rpartition("/")[2]]
    assert default_storage.listdir("documents")[1] == ["etude.pdf"]
    assert default_storage.listdir("consultations")[1] == []


# Not ru_maxrss: it remembers the process that started this one.
MEASURE = """
import re, tempfile
import django
django.setup()
from django.utils import timezone
from consultations import archiving
from consultations.models import Consultation
def peak():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) // 1024
short, long = Consultation.objects.order_by("pk")
def size_of(consultation):
    with tempfile.TemporaryFile() as file:
        archiving.write(consultation, file, version=1, at=timezone.now())
        return file.seek(0, 2)
size_of(short)
before = peak()
print(size_of(long), peak(), before)
"""


@pytest.mark.django_db(transaction=True)
def test_many_contributions_take_no_more_memory():
    """Ten thousand, so that the run stays short, against the package of one: what is loaded once does not count."""
    archived()
    consultation, author = archived(), f.make_resident()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO consultations_contribution (reference, consultation_id, section_id, author_id, author_label, signature,"
            " kind, title, body, body_html, usage_when, usage_frequency, usage_role, place, channel, charter_version, created_at,"
            " saved_at, published_at, agree_count, mixed_count, disagree_count, imported_agree_count, imported_mixed_count,"
            " imported_disagree_count, comment_count, for_count, against_count)"
            " SELECT lpad(to_hex(n), 8, '0'), %(consultation)s, %(section)s, %(author)s, '', 'name', 'opinion', 'Avis ' || n,"
            " 'Texte', '<p>' || repeat('Un texte de quelques lignes. ', 12) || '</p>', '', '', '', '', 'web', '1', now(), now(),"
            " now() - n * interval '1 minute', 0, 0, 0, 0, 0, 0, 1, 0, 0 FROM generate_series(1, 10000) n",
            {"consultation": consultation.pk, "section": consultation.sections.get().pk, "author": author.pk},
        )
    database = connection.settings_dict
    environment = {
        "DJANGO_SETTINGS_MODULE": "mulhouse.settings",
        "PORTAL_ENV": "test",
        "PORTAL_STATE": str(settings.STATE_DIR),
        "PORTAL_TEST_STATE": str(settings.STATE_DIR),
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": _url(database),
    }
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=550,
    )
    assert done.returncode == 0, done.stderr
    size, peak, before = (int(word) for word in done.stdout.split())
    print(f"{size} bytes, {peak} MB at most, {before} MB before")
    assert size > 200_000
    # The libraries alone take 140 to 150, from a machine to another; what the package adds to them is the next line's.
    assert peak < 170
    assert peak - before < 30


def _url(database):
    secret = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    where = quote(database["HOST"], safe="") + (f":{database['PORT']}" if database["PORT"] else "")
    return f"postgres://{database['USER']}{secret}@{where}/{database['NAME']}"
