"""The workspace of a consultation and the lists of what residents write, page by page."""

import datetime as dt
import io
import re
import zipfile

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from consultations import editing, queues
from consultations.admin import forms
from consultations.models import Consultation, Contribution, Document, Position
from tests.ballots.votes import make_draft, make_vote
from tests.factories import (
    make_comment,
    make_consultation,
    make_contribution,
    make_resident,
    make_section,
    make_service,
    make_staff,
    make_theme,
    sign_in,
    today,
)
from tests.questionnaires.making import make_questionnaire
from transparency.models import RegisterLine

EDIT = ("consultations.add_consultation", "consultations.change_consultation")
ALL = (*EDIT, "consultations.publish_consultation", "consultations.delete_consultation")
PAGES = ("change", "phases", "sections", "documents", "document_add", "publication")
WHOLE = {
    "description": "<p>Le projet.</p>",
    "open_to_discussion": "Les essences",
    "not_open": "Le nombre",
    "decider": "Le conseil municipal",
    "service_function": "Responsable des espaces verts",
}


def url(route, *args):
    return reverse(f"admin:consultations_consultation_{route}", args=args)


def button(consultation, name):
    return reverse("admin:consultations_consultation_button", args=[consultation.pk, name])


def text_of(response):
    return response.content.decode()


def fresh(consultation):
    return Consultation.objects.prefetch_related("phases", "sections", "documents").get(pk=consultation.pk)


@pytest.fixture
def agent(db, client):
    user = make_staff(*ALL)
    sign_in(client, user)
    return user


@pytest.fixture
def draft(db):
    return make_consultation(published_at=None, **WHOLE)


def pdf(*, tagged=True):
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    if tagged:
        from pypdf.generic import DictionaryObject, NameObject  # noqa: PLC0415 (only here)

        tree = DictionaryObject({NameObject("/Type"): NameObject("/StructTreeRoot")})
        writer.root_object[NameObject("/StructTreeRoot")] = writer._add_object(tree)  # noqa: SLF001 (pypdf offers no other way)
    written = io.BytesIO()
    writer.write(written)
    return SimpleUploadedFile("plan.pdf", written.getvalue(), "application/pdf")


def picture():
    written = io.BytesIO()
    Image.new("RGB", (1800, 900), "green").save(written, "JPEG", exif=b"Exif\x00\x00secret")
    return SimpleUploadedFile("place.jpg", written.getvalue(), "image/jpeg")


# --- Who -----------------------------------------------------------------------------------------------------------------


def people():
    return {
        "visitor": None,
        "resident": make_resident(),
        "moderator": make_staff("consultations.view_consultation", "consultations.view_contribution"),
        "no second factor": make_staff(*ALL),
    }


@pytest.mark.parametrize("route", PAGES)
def test_workspace_is_closed_to_others(db, client, draft, route):
    for name, person in people().items():
        client.logout()
        if person:
            sign_in(client, person, second_factor=name == "moderator")
        response = client.get(url(route, draft.pk), follow=True)
        assert draft.title not in text_of(response), name
        assert client.post(url(route, draft.pk), {}).status_code in {302, 403}, name
    assert fresh(draft).updated_at == draft.updated_at


@pytest.mark.parametrize("name", ["publier", "archiver", "rouvrir", "apercu", "supprimer"])
def test_gestures_are_closed_to_others(db, client, draft, name):
    for who, person in people().items():
        client.logout()
        if person:
            sign_in(client, person, second_factor=who == "moderator")
        assert client.post(button(draft, name)).status_code in {302, 403, 404}, who
    sign_in(client, make_staff("consultations.change_consultation"))
    if name != "apercu":
        assert client.post(button(draft, name)).status_code == 403
    assert (fresh(draft).published_at, fresh(draft).archived_at) == (None, None)


def test_those_who_only_read_find_what_is_published_and_its_public_page(db, client, draft):
    sign_in(client, make_staff("consultations.view_consultation"))
    public = make_consultation()
    page = text_of(client.get(url("changelist")))
    assert re.findall(r'<th[^>]* class="field-title"[^>]*><a href="([^"]+)">', page) == [url("change", public.pk)]
    assert client.get(url("change", public.pk))["Location"] == public.get_absolute_url()
    assert client.get(url("change", draft.pk)).status_code == 404
    assert client.post(url("change", public.pk)).status_code == 403


def test_creating_asks_for_its_own_permission(db, client):
    sign_in(client, make_staff("consultations.change_consultation"))
    assert client.get(url("add")).status_code == 403
    assert "Ajouter" not in text_of(client.get(url("changelist")))


@pytest.mark.parametrize("route", PAGES)
def test_pages_hold_nothing_inline_but_the_import_map(agent, client, draft, route):
    response = client.get(url(route, draft.pk))
    page = text_of(response)
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page)
    policy = response["Content-Security-Policy"]
    if route in {"change", "document_add"}:
        nonce = re.search(r"'nonce-([^']+)'", policy)[1]
        assert inline == [f'<script type="importmap" nonce="{nonce}">']
    else:
        assert (inline, "nonce" in policy) == ([], False)
    assert re.findall(r"<style|\son\w+=|\sstyle=|unsafe", page + policy) == []
    assert page.count("<h1") == 1


@pytest.mark.parametrize("route", PAGES)
def test_pages_cost_the_same_with_more_rows(agent, client, draft, route, django_assert_max_num_queries):
    client.get(url(route, draft.pk))
    for _ in range(4):
        make_section(draft)
    with django_assert_max_num_queries(12):
        client.get(url(route, draft.pk))


# --- Creating and writing ---------------------------------------------------------------------------------------------------


def test_creating_begins_with_the_least(agent, client):
    values = {
        "title": "Quels arbres\u00a0?",
        "summary": "La Ville plante.",
        "theme": make_theme().pk,
        "service": make_service().pk,
    }
    response = client.post(url("add"), values, follow=True)
    consultation = Consultation.objects.get()
    assert response.redirect_chain == [(url("change", consultation.pk), 302)]
    page = text_of(response)
    assert "Enregistré, non publié\u00a0: personne ne le voit." in page
    assert "Enregistrée, non publiée\u00a0: personne ne la voit." in page


def test_creating_says_what_is_missing(agent, client):
    response = client.post(url("add"), {"summary": "mot " * 121})
    page = text_of(response)
    assert response.status_code == 422
    assert "<title>Erreur" in page
    assert [name for name in ("title", "summary", "theme", "service") if f'href="#id_{name}"' not in page] == []
    assert "Ce résumé a 121 mots" in page


def filled(consultation, **changes):
    """What the browser sends from the page « Présentation »."""
    values = {
        "seen": editing.version(fresh(consultation)),
        "title": consultation.title,
        "slug": consultation.slug,
        "summary": consultation.summary,
        "theme": consultation.theme_id,
        "service": consultation.service_id,
        "residency_level": consultation.residency_level,
        "restitution_days": consultation.restitution_days,
        "moderation": consultation.moderation,
        "review_hours": consultation.review_hours,
        # A box that is not ticked is not sent.
        **{
            name: "on"
            for name in ("takes_contributions", "takes_positions", "takes_comments")
            if getattr(consultation, name)
        },
        **{name: getattr(consultation, name) for name in WHOLE},
    }
    return {**values, **changes}


def test_presentation_is_written(agent, client, draft):
    response = client.post(
        url("change", draft.pk),
        filled(draft, title="Autre titre", description="<h3>Le lieu</h3><p>Ici.</p>", budget_euros="300000"),
        follow=True,
    )
    assert response.redirect_chain == [(url("change", draft.pk), 302)]
    stored = fresh(draft)
    assert (stored.title, stored.description, stored.budget_euros) == (
        "Autre titre",
        "<h3>Le lieu</h3><p>Ici.</p>",
        300000,
    )


def test_a_refused_change_is_said_beside_its_field(agent, client):
    consultation = make_consultation(phase="contribute", **WHOLE)
    changes = {"minimum_age": "16", "reason": "Délibération."}
    response = client.post(url("change", consultation.pk), filled(consultation, **changes))
    page = text_of(response)
    assert (response.status_code, 'href="#id_minimum_age"' in page) == (422, True)
    assert "l’âge minimum peut baisser, pas monter" in page
    assert fresh(consultation).minimum_age is None


def test_plain_text_becomes_paragraphs(agent, client, draft):
    """Without script the editor is a text area."""
    client.post(url("change", draft.pk), filled(draft, description="Un.\n\nDeux & trois."))
    assert fresh(draft).description == "<p>Un.</p>\n\n<p>Deux &amp; trois.</p>"


def test_empty_editor_is_an_empty_text(agent, client, draft):
    client.post(url("change", draft.pk), filled(draft, description="<p></p>"))
    assert fresh(draft).description == ""


def test_presentation_says_what_is_wrong_beside_the_field(agent, client, draft):
    response = client.post(
        url("change", draft.pk), filled(draft, title="", slug="documents", latitude="12", longitude="12")
    )
    page = text_of(response)
    assert response.status_code == 422
    assert 'href="#id_title"' in page
    assert "Cette adresse est déjà celle d’une page du site" in page
    assert "Indiquez la latitude et la longitude" in page
    assert fresh(draft).title == draft.title


def test_image_is_cleaned_reduced_and_described(agent, client, draft):
    response = client.post(url("change", draft.pk), filled(draft, new_image=picture()))
    assert "Décrivez l’image en une phrase." in text_of(response)
    client.post(url("change", draft.pk), filled(draft, new_image=picture(), image_alt="La place vue du tram"))
    stored = fresh(draft)
    with stored.image.open() as file:
        content = file.read()
    with Image.open(io.BytesIO(content)) as kept:
        assert (kept.format, kept.size, dict(kept.getexif())) == ("WEBP", (1600, 800), {})
    assert b"secret" not in content
    assert "La place vue du tram" in text_of(client.get(url("change", draft.pk)))


def test_image_is_removed_with_its_words(agent, client, draft):
    client.post(url("change", draft.pk), filled(draft, new_image=picture(), image_alt="La place"))
    client.post(url("change", draft.pk), filled(draft, remove_image="on", image_alt="La place"))
    assert (str(fresh(draft).image), fresh(draft).image_alt) == ("", "")


def test_file_that_is_no_image_is_refused(agent, client, draft):
    file = SimpleUploadedFile("x.jpg", b"<svg onload=alert(1)>", "image/jpeg")
    response = client.post(url("change", draft.pk), filled(draft, new_image=file, image_alt="x"))
    assert "Ce fichier n’est pas accepté" in text_of(response)


def test_second_agent_is_told_that_the_page_changed(agent, client, draft):
    values = filled(draft, title="Le second")
    editing.save_sections(actor=agent, consultation=fresh(draft), edits=[], seen=editing.version(fresh(draft)))
    response = client.post(url("change", draft.pk), values)
    assert response.status_code == 422
    assert "Quelqu’un a modifié cette consultation" in text_of(response)
    assert "Le second" in text_of(response)


def test_public_rule_asks_for_a_reason(agent, client):
    consultation = make_consultation(**WHOLE)
    response = client.post(url("change", consultation.pk), filled(consultation, decider="Le maire"))
    assert response.status_code == 422
    assert 'href="#id_reason"' in text_of(response)
    client.post(url("change", consultation.pk), filled(consultation, decider="Le maire", reason="Délibération."))
    assert fresh(consultation).decider == "Le maire"


def test_archived_consultation_is_shown_and_not_saved(agent, client):
    consultation = make_consultation(archived_at=timezone.now(), phase="follow", **WHOLE)
    page = text_of(client.get(url("change", consultation.pk)))
    assert "Cette consultation est archivée\u00a0: elle ne change plus." in page
    assert "Enregistrer</button>" not in page
    response = client.post(url("change", consultation.pk), filled(consultation, title="Autre"))
    assert response.status_code == 422


# --- Phases -----------------------------------------------------------------------------------------------------------------


def phase_rows(consultation, *rows, **more):
    """What the browser sends from the page « Phases »: six lines, those left blank included."""
    sent = {
        "seen": editing.version(fresh(consultation)),
        "phase-TOTAL_FORMS": "6",
        "phase-INITIAL_FORMS": "6",
        **more,
    }
    for number, row in enumerate(rows):
        sent |= {f"phase-{number}-{name}": str(value) for name, value in row.items() if value is not None}
    return sent


def line(kind, start, end, **more):
    first = today()
    return {
        "name": "Étape",
        "kind": kind,
        "starts_on": first + dt.timedelta(days=start),
        "ends_on": None if end is None else first + dt.timedelta(days=end),
        **more,
    }


def test_phases_are_written(agent, client):
    consultation = make_consultation(published_at=None, phase=None)
    client.post(
        url("phases", consultation.pk), phase_rows(consultation, line("contribute", 1, 5), line("decide", 6, None))
    )
    assert [(phase.kind, phase.position) for phase in consultation.phases.all()] == [("contribute", 1), ("decide", 2)]


def test_problem_of_a_phase_is_beside_its_field(agent, client):
    consultation = make_consultation(published_at=None, phase=None)
    response = client.post(
        url("phases", consultation.pk), phase_rows(consultation, line("contribute", 1, 9), line("decide", 5, 12))
    )
    page = text_of(response)
    assert response.status_code == 422
    assert 'href="#id_phase-1-starts_on"' in page
    field = page[page.index('id="id_phase-1-starts_on_error"') :]
    assert "commence avant la fin" in field[:400]
    assert consultation.phases.count() == 0


def test_phase_half_written_says_what_lacks(agent, client):
    consultation = make_consultation(published_at=None, phase=None)
    response = client.post(url("phases", consultation.pk), phase_rows(consultation, {"ends_on": today()}))
    page = text_of(response)
    assert [
        words for words in ("Donnez un nom", "Choisissez ce qui", "Indiquez le premier jour") if words not in page
    ] == []


def test_phase_that_has_begun_in_public_can_not_be_taken_away(agent, client):
    consultation = make_consultation()
    rows = [
        {"pk": phase.pk, "name": phase.name, "kind": phase.kind, "starts_on": phase.starts_on, "ends_on": phase.ends_on}
        for phase in consultation.phases.all()
    ]
    rows[0]["remove"] = "on"
    response = client.post(url("phases", consultation.pk), phase_rows(consultation, *rows, reason="Motif"))
    assert "a commencé\u00a0: elle reste." in text_of(response)
    assert consultation.phases.count() == 5


def test_phase_is_taken_away(agent, client, draft):
    rows = [
        {"pk": phase.pk, "name": phase.name, "kind": phase.kind, "starts_on": phase.starts_on, "ends_on": phase.ends_on}
        for phase in draft.phases.all()
    ]
    rows[4]["remove"] = "on"
    client.post(url("phases", draft.pk), phase_rows(draft, *rows))
    assert draft.phases.count() == 4


def test_public_dates_ask_for_a_reason(agent, client):
    consultation = make_consultation()
    rows = [
        {"pk": phase.pk, "name": phase.name, "kind": phase.kind, "starts_on": phase.starts_on, "ends_on": phase.ends_on}
        for phase in consultation.phases.all()
    ]
    rows[4]["ends_on"] += dt.timedelta(days=9)
    response = client.post(url("phases", consultation.pk), phase_rows(consultation, *rows))
    assert 'href="#id_reason"' in text_of(response)
    client.post(url("phases", consultation.pk), phase_rows(consultation, *rows, reason="Travaux"))
    assert RegisterLine.objects.first().act == "consultation.dates_changed"


def test_no_day_is_lost_on_the_way(agent, client, draft):
    """The browser's date fields read and send ISO dates, whatever the language."""
    page = text_of(client.get(url("phases", draft.pk)))
    first = draft.phases.first()
    assert f'value="{first.starts_on.isoformat()}"' in page


# --- Sections ---------------------------------------------------------------------------------------------------------------


def section_rows(consultation, *rows, **more):
    sent = {
        "seen": editing.version(fresh(consultation)),
        "partie-TOTAL_FORMS": str(len(rows)),
        "partie-INITIAL_FORMS": str(len(rows)),
        **more,
    }
    for number, row in enumerate(rows):
        sent |= {f"partie-{number}-{name}": str(value) for name, value in row.items()}
    return sent


def test_sections_are_written_in_the_order_given(agent, client, draft):
    section = draft.sections.get()
    client.post(
        url("sections", draft.pk),
        section_rows(
            draft,
            {"pk": section.pk, "title": "Deuxième", "question": "Quoi\u00a0?", "order": 2},
            {"title": "Première", "question": "Où\u00a0?", "order": 1},
            {"order": 3},
        ),
    )
    assert list(draft.sections.values_list("title", flat=True)) == ["Première", "Deuxième"]


def test_section_half_written_says_what_lacks(agent, client, draft):
    response = client.post(url("sections", draft.pk), section_rows(draft, {"title": "Seule"}))
    assert "Écrivez la question posée." in text_of(response)
    response = client.post(url("sections", draft.pk), section_rows(draft, {"question": "Seule"}))
    assert "Donnez un titre à cette partie." in text_of(response)


def test_section_that_was_answered_can_not_be_taken_away(agent, client, draft):
    section = draft.sections.get()
    make_contribution(consultation=draft, section=section)
    response = client.post(
        url("sections", draft.pk),
        section_rows(draft, {"pk": section.pk, "title": "x", "question": "y", "remove": "on"}),
    )
    assert response.status_code == 422
    assert "Une partie à laquelle on a déjà répondu" in text_of(response)


# --- Documents --------------------------------------------------------------------------------------------------------------


def document_values(**changes):
    return {"title": "Le plan", "position": "1", "is_accessible": "on", "html_body": "", "new_file": pdf(), **changes}


def test_document_is_added_listed_and_taken_away(agent, client, draft):
    client.post(url("document_add", draft.pk), document_values())
    document = Document.objects.get()
    assert (document.content_type, document.size) == ("application/pdf", document.file.size)
    page = text_of(client.get(url("documents", draft.pk)))
    assert "Le plan" in page
    assert "PDF, " in page
    assert "Retirer «\u00a0Le plan\u00a0»" in text_of(client.get(url("document_remove", draft.pk, document.pk)))
    client.post(url("document_remove", draft.pk, document.pk))
    assert Document.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"is_accessible": "", "html_body": ""}, "donnez aussi son contenu en page"),
        ({"new_file": ""}, "Ce champ est obligatoire"),
        ({"new_file": SimpleUploadedFile("x.exe", b"MZ\x00")}, "Ce fichier n’est pas accepté"),
        ({"title": ""}, "Ce champ est obligatoire"),
    ],
)
def test_document_says_what_is_wrong(agent, client, draft, changes, message):
    response = client.post(url("document_add", draft.pk), document_values(**changes))
    assert response.status_code == 422
    assert message in text_of(response)
    assert Document.objects.count() == 0


def test_untagged_pdf_is_not_accessible(agent, client, draft):
    response = client.post(url("document_add", draft.pk), document_values(new_file=pdf(tagged=False)))
    assert "Ce PDF n’a pas de balises" in text_of(response)
    client.post(
        url("document_add", draft.pk),
        document_values(new_file=pdf(tagged=False), is_accessible="", html_body="<h3>Le plan</h3><p>Ici.</p>"),
    )
    assert Document.objects.get().html_body == "<h3>Le plan</h3><p>Ici.</p>"


def test_picture_is_no_document(agent, client, draft):
    response = client.post(url("document_add", draft.pk), document_values(new_file=picture()))
    assert "Une image ne se lit pas à voix haute" in text_of(response)


def test_document_keeps_its_file_when_only_the_words_change(agent, client, draft):
    client.post(url("document_add", draft.pk), document_values())
    document = Document.objects.get()
    client.post(url("document", draft.pk, document.pk), document_values(title="Autre", new_file=""))
    assert (Document.objects.get().title, Document.objects.get().file.name) == ("Autre", document.file.name)


def test_document_of_another_consultation_is_not_found(agent, client, draft):
    client.post(url("document_add", draft.pk), document_values())
    other = make_consultation()
    assert client.get(url("document", other.pk, Document.objects.get().pk)).status_code == 404


def test_documents_of_an_archived_consultation_stay(agent, client, draft):
    client.post(url("document_add", draft.pk), document_values())
    document = Document.objects.get()
    Consultation.objects.filter(pk=draft.pk).update(published_at=timezone.now(), archived_at=timezone.now())
    response = client.post(url("document", draft.pk, document.pk), document_values(title="Autre"))
    assert response.status_code == 422
    assert "elle ne change plus" in text_of(client.post(url("document_remove", draft.pk, document.pk), follow=True))
    assert (Document.objects.get().title, document.file.storage.exists(document.file.name)) == ("Le plan", True)


def test_odt_is_taken_at_its_word(agent, client, draft):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("content.xml", "<office:document-content/>")
    client.post(
        url("document_add", draft.pk),
        document_values(new_file=SimpleUploadedFile("note.odt", written.getvalue())),
    )
    assert "ODT, " in text_of(client.get(url("documents", draft.pk)))


def test_image_that_weighs_too_much_is_refused(agent, client, draft, monkeypatch):
    monkeypatch.setattr(forms, "MAX_DOCUMENT_BYTES", 100)
    response = client.post(url("change", draft.pk), filled(draft, new_image=picture(), image_alt="x"))
    assert "Cette image dépasse 20" in text_of(response)


# --- Preview and publication ------------------------------------------------------------------------------------------------


def test_publication_lists_what_is_missing_with_its_page(agent, client):
    consultation = make_consultation(published_at=None, phase=None, sections=0, summary="")
    page = text_of(client.get(url("publication", consultation.pk)))
    missing = page[page.index('<ul class="manques"') :]
    assert re.findall(r'<a href="([^"]+)">', missing[: missing.index("</ul>")]) == [
        *[url("change", consultation.pk)] * 6,
        url("phases", consultation.pk),
        url("sections", consultation.pk),
    ]
    assert button(consultation, "publier") not in page
    assert client.post(button(consultation, "publier"), follow=True).status_code == 200
    assert fresh(consultation).published_at is None


@pytest.mark.parametrize(
    ("days", "current", "words"),
    [
        (-30, "S’informer", "Vous pourrez donner votre avis à partir du"),
        (0, "Donner son avis", "Ce jour-là, les habitants peuvent donner leur avis."),
        (15, "Analyser", "La phase d’avis est terminée"),
    ],
)
def test_phases_are_shown_as_on_a_day_of_ones_choice(agent, client, draft, days, current, words):
    day = (today() + dt.timedelta(days=days)).isoformat()
    page = text_of(client.get(url("publication", draft.pk), {"le": day}))
    found = re.findall(r'<li[^>]*aria-current="step">.*?<strong>([^<]+)</strong>', page)
    assert found == ([current] if days > -30 else found)
    assert words in page
    assert f'value="{day}"' in page


@pytest.mark.parametrize("day", ["", "demain", "2026-13-45"])
def test_unreadable_day_is_today(agent, client, draft, day):
    page = text_of(client.get(url("publication", draft.pk), {"le": day}))
    assert f'value="{today().isoformat()}"' in page


def test_draft_has_a_private_link_and_a_public_consultation_none(agent, client, draft):
    page = text_of(client.get(url("publication", draft.pk)))
    assert f"/concertations/apercu/{draft.preview_key}/" in page
    assert "/apercu/" not in text_of(client.get(url("publication", make_consultation().pk)))


def test_publishing_asks_then_tells(agent, client, draft):
    asked = text_of(client.get(button(draft, "publier")))
    assert "La consultation devient visible de tous." in asked
    assert fresh(draft).published_at is None
    response = client.post(button(draft, "publier"), follow=True)
    assert "Publiée. Elle est visible de tous dès maintenant." in text_of(response)
    assert fresh(draft).published_at is not None
    page = text_of(client.get(url("publication", draft.pk)))
    assert "Une consultation publiée ne se cache plus" in page
    assert "Lien d’aperçu" not in page


def test_archiving_before_the_end_is_refused_with_a_sentence(agent, client):
    consultation = make_consultation()
    response = client.post(button(consultation, "archiver"), follow=True)
    assert "La phase d’avis n’est pas finie." in text_of(response)
    assert fresh(consultation).archived_at is None


def test_archiving_and_taking_out_again(agent, client):
    consultation = make_consultation(phase="follow")
    client.post(button(consultation, "archiver"))
    assert fresh(consultation).archived_at is not None
    client.post(button(consultation, "rouvrir"))
    assert fresh(consultation).archived_at is None


def test_preview_link_is_renewed(agent, client, draft):
    client.post(button(draft, "apercu"))
    assert fresh(draft).preview_key != draft.preview_key


def test_draft_is_thrown_away_and_the_list_comes_back(agent, client, draft):
    response = client.post(button(draft, "supprimer"), follow=True)
    assert response.redirect_chain == [(url("changelist"), 302)]
    assert "Brouillon supprimé." in text_of(response)
    assert Consultation.objects.count() == 0


# --- Lists ------------------------------------------------------------------------------------------------------------------


def test_list_says_where_each_consultation_stands(agent, client):
    make_consultation(published_at=None)
    make_consultation(phase="follow", archived_at=timezone.now())
    make_consultation(phase=None)
    make_consultation()
    page = text_of(client.get(url("changelist")))
    words = (
        "Enregistrée, non publiée",
        "Archivée le",
        "Aucune phase en cours",
        "Phase en cours\u00a0: Donner son avis",
    )
    assert [each for each in words if each not in page] == []


@pytest.mark.parametrize(("state", "count"), [("brouillon", 1), ("publiee", 2), ("archivee", 1), ("", 4)])
def test_list_is_narrowed_by_state(agent, client, state, count):
    make_consultation(published_at=None)
    make_consultation(archived_at=timezone.now())
    make_consultation()
    make_consultation()
    page = text_of(client.get(url("changelist"), {"etat": state} if state else {}))
    assert len(re.findall(r'<th[^>]* class="field-title"', page)) == count


@pytest.mark.parametrize(
    ("model", "permission"),
    [("contribution", "view_contribution"), ("comment", "view_comment"), ("consultation", "change_consultation")],
)
def test_lists_cost_the_same_with_one_row_and_with_many(db, client, model, permission, django_assert_num_queries):
    sign_in(client, make_staff(f"consultations.{permission}"))
    address = reverse(f"admin:consultations_{model}_changelist")
    make_comment()
    client.get(address)
    counts = []
    for number in (0, 5):
        for _ in range(number):
            make_comment()
        from django.db import connection  # noqa: PLC0415 (the database exists from here on)
        from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 (same)

        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_drafts_of_residents_are_not_listed(db, client):
    sign_in(client, make_staff("consultations.view_contribution"))
    hidden = make_contribution(published_at=None, title="Secret")
    shown = make_contribution(title="Public", withdrawn_at=timezone.now())
    page = text_of(client.get(reverse("admin:consultations_contribution_changelist")))
    assert ("Public" in page, "Secret" in page) == (True, False)
    row = reverse("admin:consultations_contribution_change", args=[hidden.pk])
    assert client.get(row).status_code == 302
    assert client.get(reverse("admin:consultations_contribution_change", args=[shown.pk])).status_code == 200


def test_contribution_is_shown_as_signed_and_counted_and_never_who(db, client):
    sign_in(client, make_staff("consultations.view_contribution"))
    author, voter = (
        make_resident(email="auteur@example.org"),
        make_resident(email="votant@example.org", public_name="Votante"),
    )
    row = make_contribution(author=author, agree_count=1)
    Position.objects.create(contribution=row, resident=voter, choice="agree")
    page = text_of(client.get(reverse("admin:consultations_contribution_change", args=[row.pk])))
    assert author.public_name in page
    assert "1 d’accord, 0 mitigé, 0 pas d’accord" in page
    assert [word for word in ("auteur@example.org", "votant@example.org", "Votante") if word in page] == []


def test_search_and_filters_of_the_lists(db, client):
    sign_in(client, make_staff("consultations.view_contribution", "consultations.view_comment"))
    kept = make_contribution(title="Des tilleuls")
    make_contribution(title="Des bancs", withdrawn_at=timezone.now())
    address = reverse("admin:consultations_contribution_changelist")
    assert "Des bancs" not in text_of(client.get(address, {"q": "tilleuls"}))
    assert "Des bancs" not in text_of(client.get(address, {"etat": "visible"}))
    assert "Des tilleuls" not in text_of(client.get(address, {"etat": "retire"}))
    assert "Des tilleuls" in text_of(client.get(address, {"q": kept.reference}))
    comment = make_comment(contribution=kept, body="Très bonne idée")
    page = text_of(client.get(reverse("admin:consultations_comment_changelist"), {"q": "bonne"}))
    assert comment.reference in page
    other = make_comment(contribution=kept, body=f"Comme dit en {comment.reference}")
    page = text_of(client.get(reverse("admin:consultations_comment_changelist"), {"q": comment.reference.lower()}))
    assert (comment.reference in page, other.reference in page) == (True, False)
    shown = text_of(client.get(reverse("admin:consultations_comment_change", args=[comment.pk])))
    assert "Très bonne idée" in shown


def test_texts_can_not_be_changed_nor_removed(db, client):
    sign_in(client, make_staff("consultations.view_contribution", "consultations.change_contribution"))
    row = make_contribution(title="Avant")
    address = reverse("admin:consultations_contribution_change", args=[row.pk])
    assert client.post(address, {"title": "Après"}).status_code == 403
    assert (
        client.post(reverse("admin:consultations_contribution_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert Contribution.objects.get().title == "Avant"


# --- What waits ----------------------------------------------------------------------------------------------------------------


def waiting(at=None):
    return [(item.label, item.count, item.late, item.url) for item in queues.consultations(None, at or timezone.now())]


def test_nothing_waits(db):
    make_consultation(phase="analyse")
    assert waiting() == []


def test_drafts_wait_and_are_late_when_their_first_phase_has_begun(db):
    early = make_consultation(published_at=None, phase=None)
    assert waiting() == [("Consultation enregistrée, non publiée", 1, 0, url("publication", early.pk))]
    make_consultation(published_at=None, phase="inform")
    assert waiting() == [
        ("Consultations enregistrées, non publiées", 2, 1, url("changelist") + "?etat=brouillon"),
    ]


@pytest.mark.parametrize(("days", "labels"), [(6, ["Phase d’avis qui finit dans la semaine"]), (7, [])])
def test_phase_that_ends_soon_is_told(db, days, labels):
    """Seven days left, today included; not eight."""
    consultation = make_consultation(phase=None)
    consultation.phases.create(
        position=1, kind="contribute", name="Avis", starts_on=today(), ends_on=today() + dt.timedelta(days=days)
    )
    assert [label for label, *_ in waiting()] == labels


def test_consultation_that_is_over_is_to_be_archived(db):
    consultation = make_consultation(phase=None)
    yesterday = today() - dt.timedelta(days=1)
    consultation.phases.create(position=1, kind="contribute", name="Avis", starts_on=yesterday, ends_on=yesterday)
    assert [label for label, *_ in waiting()] == ["Consultation finie, à archiver"]


def asked_in_draft(consultation):
    return make_questionnaire(consultation=consultation, published_at=None)


@pytest.mark.parametrize("make_unpublished", [asked_in_draft, make_draft])
def test_vote_or_questionnaire_left_in_a_public_consultation_waits(db, make_unpublished):
    running, draft = make_consultation(), make_consultation(published_at=None, phase=None)
    make_questionnaire(consultation=running)
    make_vote(consultation=running)
    make_unpublished(consultation=draft)
    assert [label for label, *_ in waiting()] == ["Consultation enregistrée, non publiée"]
    make_unpublished(consultation=running)
    label = "Consultation publiée, avec un vote ou un questionnaire qui ne l’est pas"
    assert waiting()[1:] == [(label, 1, 0, url("publication", running.pk))]


@pytest.mark.parametrize(("published", "title"), [(False, "À publier ensuite"), (True, "Encore à publier")])
def test_publication_page_says_what_is_not_published_with_the_consultation(agent, client, published, title):
    fields = {} if published else {"published_at": None}
    consultation = make_consultation(**WHOLE, **fields)
    make_questionnaire(consultation=consultation, title="Vos trajets", published_at=None)
    make_draft(consultation=consultation, question="Quel nom\u00a0?")
    page = text_of(client.get(url("publication", consultation.pk)))
    assert title in page
    assert "Le questionnaire « Vos trajets » n’est pas publié." in page.replace("\u00a0", " ")
    assert "Le vote « Quel nom ? » n’est pas publié." in page.replace("\u00a0", " ")


def test_publication_page_says_nothing_of_what_is_published(agent, client):
    consultation = make_consultation(**WHOLE)
    make_questionnaire(consultation=consultation)
    assert "Encore à publier" not in text_of(client.get(url("publication", consultation.pk)))


def test_queue_costs_one_query(db, django_assert_num_queries):
    for _ in range(3):
        make_draft(consultation=make_consultation())
    with django_assert_num_queries(1):
        waiting()


@pytest.mark.parametrize(("state", "shown"), [("visible", [0]), ("retire", [1]), ("masque", [2]), ("", [0, 1, 2])])
def test_the_list_of_visible_texts_shows_none_that_moderation_took_away(db, client, state, shown):
    sign_in(client, make_staff("consultations.view_contribution"))
    rows = [make_contribution(title=f"Avis numéro {number}") for number in range(3)]
    Contribution.objects.filter(pk=rows[1].pk).update(withdrawn_at=timezone.now())
    Contribution.objects.filter(pk=rows[2].pk).update(hidden_at=timezone.now(), hidden_reason="3.2")
    page = text_of(client.get(reverse("admin:consultations_contribution_changelist"), {"etat": state} if state else {}))
    assert [number for number in range(3) if f"Avis numéro {number}" in page] == shown
