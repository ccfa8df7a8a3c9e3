"""The wrong person finds nothing: what is hidden, prepared or somebody else's is on no page, whatever is asked of it.

Each secret word below stands in one such place. Every public address is then asked by a visitor and by another resident,
as a page, as a file and as an answer to a forged form: the words must be nowhere.
"""

import pytest
from django.urls import reverse
from django.utils import timezone

from city.models import District
from consultations import analysis
from consultations.models import (
    AnalysisTheme,
    Attachment,
    Comment,
    CommentSupport,
    Contribution,
    Item,
    Note,
    Position,
    Report,
)
from questionnaires.models import Answer, Response
from tests.factories import (
    make_analysis_theme,
    make_comment,
    make_consultation,
    make_contribution,
    make_item,
    make_resident,
    sign_in,
)
from tests.questionnaires.making import add_question, make_questionnaire, make_response, page_url, shown, url

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECRETS = ("BROUILLON", "MASQUE", "RETIRE", "NOTE", "TRAVAIL", "PREPARE", "LIBRE", "BILAN", "APERCU", "QUESTIONNAIRE")


@pytest.fixture
def author():
    return make_resident(public_name="Autrice")


@pytest.fixture
def other(client):
    person = make_resident(public_name="Autre", verified=True)
    sign_in(client, person)
    return person


@pytest.fixture
def consultation(author):
    """An open consultation with one text that everybody reads, and a secret in each place that nobody else may."""
    made = make_consultation(title="Le canal")
    drouot = District.objects.get(slug="drouot")
    shown = make_contribution(consultation=made, author=author, title="Un banc", place="gare", place_district=drouot)
    hidden = {"hidden_at": NOW, "hidden_reason": "Une raison."}
    for word, state in (
        ("BROUILLON", {"published_at": None}),
        ("MASQUE", hidden),
        ("RETIRE", {"withdrawn_at": NOW}),
    ):
        text = make_contribution(
            consultation=made, author=author, title=f"{word} titre", body=f"{word} texte", place=f"{word} lieu", **state
        )
        Contribution.objects.filter(pk=text.pk).update(place_district=drouot)
        if state is not hidden:
            continue
        make_comment(contribution=text, author=author, body=f"{word} commentaire")
    make_comment(contribution=shown, author=author, body="MASQUE commentaire", **hidden)
    item = make_item(contribution=shown)
    theme = make_analysis_theme(consultation=made, members=[item], title="TRAVAIL thème", public_title="PREPARE thème")
    AnalysisTheme.objects.filter(pk=theme.pk).update(
        public_summary="PREPARE résumé", draft_decision="not_kept", draft_explanation="PREPARE réponse"
    )
    Note.objects.create(item=item, author=author, body="NOTE interne", written_at=NOW)
    Report.objects.create(consultation=made, number=1, question="BILAN question", decision="BILAN décision")
    make_questionnaire(consultation=made, published_at=None, title="QUESTIONNAIRE à venir")
    make_consultation(title="APERCU", slug="apercu-secret", published_at=None)
    return made


def _addresses(consultation):
    """Give every public address about a consultation, and those that one would guess."""
    at = [consultation.slug]
    inside = {
        name: reverse(f"consultations:{name}", args=at)
        for name in (
            *("detail", "contributions", "map", "outcomes", "rules", "data", "report", "votes", "questionnaires"),
            *("paper_form", "poster"),
        )
    }
    texts = {
        f"{name} {text.reference}": reverse(f"consultations:{name}", args=[*at, text.reference])
        for text in Contribution.objects.filter(consultation=consultation)
        for name in ("contribution", "draft", "check", "discard", "edit", "withdraw", "position", "comments")
    }
    comments = {
        f"{name} {comment.reference}": reverse(
            f"consultations:{name}", args=[*at, comment.contribution.reference, comment.reference]
        )
        for comment in Comment.objects.select_related("contribution")
        for name in ("comment", "support", "unsupport", "withdraw_comment")
    }
    files = {
        f"{table}.{form}": reverse("consultations:export", args=[*at, table, form])
        for table in ("contributions", "commentaires", "suites", "chiffres", "participants")
        for form in ("csv", "json")
    }
    report = {
        name: reverse(f"consultations:{name}", args=[*at, 1])
        for name in ("report_version", "report_pdf", "report_annex", "report_participation")
    }
    asked = {
        f"{key}?{query}": inside[key] + "?" + query
        for key, query in (
            *(("contributions", f"q={word}") for word in SECRETS),
            *(("contributions", f"tri={order}") for order in ("soutenu", "debattu", "decouvrir")),
            ("contributions", "quartier=drouot"),
            *(("outcomes", f"voir=avis&q={word}") for word in SECRETS),
            ("outcomes", "voir=avis&suite=attente"),
            ("map", "quartier=drouot"),
            ("map", "quartier=sans-quartier"),
        )
    }
    elsewhere = {
        name: reverse(name)
        for name in (
            *("home", "consultations:list", "consultations:mine", "commitments:list", "transparency:register"),
            *("transparency:promises", "sitemap", "site_map", "desk:follow"),
        )
    }
    elsewhere |= {"search": reverse("consultations:list") + "?q=APERCU", "draft": "/concertations/apercu-secret/"}
    elsewhere |= {kind: reverse("consultations:feed", args=[kind]) for kind in ("atom", "rss")}
    return {**inside, **texts, **comments, **files, **report, **asked, **elsewhere}


def _text(response):
    raw = b"".join(response.streaming_content) if response.streaming else response.content
    return raw.decode(errors="ignore")


def _leaks(client, address, method):
    """Ask an address; give the secrets its answer holds, besides the words that were just asked for."""
    forged = {"title": "x", "body": "x", "position": "", "stance": "", "intention": "verifier"}
    response = client.get(address) if method == "get" else client.post(address, forged)
    text = _text(response).replace(f"{address.partition('?')[2]}", "")
    # A search says again what it was asked, and no secret but that word's own text follows it.
    return sorted(word for word in SECRETS for tail in TAILS[word] if f"{word} {tail}" in text)


TAILS = {
    "BROUILLON": ("titre", "texte", "lieu"),
    "MASQUE": ("titre", "texte", "lieu", "commentaire"),
    "RETIRE": ("titre", "texte", "lieu"),
    "NOTE": ("interne",),
    "TRAVAIL": ("thème",),
    "PREPARE": ("thème", "résumé", "réponse"),
    "LIBRE": ("réponse",),
    "BILAN": ("question", "décision"),
    "APERCU": ("</",),
    "QUESTIONNAIRE": ("à venir",),
}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["visitor", "resident"])
def test_no_page_nor_file_shows_what_is_not_public(client, consultation, request, who, method):
    if who == "resident":
        request.getfixturevalue("other")
    found = {name: _leaks(client, address, method) for name, address in _addresses(consultation).items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_nothing_of_another_s_is_changed(client, consultation, other):
    def state():
        return {
            model.__name__: list(model.objects.order_by("pk").values())
            for model in (Contribution, Comment, CommentSupport, Position, Attachment, Report, AnalysisTheme, Note)
        }

    shown = Contribution.objects.get(title="Un banc")
    public = {name for name in _addresses(consultation) if name.endswith(shown.reference)}
    before = state()
    for name, address in _addresses(consultation).items():
        if name not in public:
            client.post(address, {"position": "agree", "stance": "for", "body": "Un mot.", "suivre": "oui"})
    assert state() == before


def test_author_alone_reads_their_hidden_text(client, consultation, author):
    sign_in(client, author)
    hidden = Contribution.objects.get(title="MASQUE titre")
    response = client.get(hidden.get_absolute_url())
    assert (response.status_code, "MASQUE texte" in _text(response)) == (410, True)


# --- Questionnaires --------------------------------------------------------------------------------------------------------


@pytest.fixture
def begun(client, consultation):
    """Somebody without an account who has begun, in this browser."""
    row = make_questionnaire(consultation=consultation, accepts_without_account=True, residency_level="none")
    question = add_question(row, "text", label="Pourquoi ?", is_required=False)
    client.post(page_url(row), {f"q{question.pk}": "LIBRE réponse", **shown(question)})
    assert "LIBRE réponse" in _text(client.get(page_url(row)))
    return url(row)


@pytest.mark.parametrize("who", ["visitor", "resident", "forged", "resident with the key"])
def test_answers_of_another_browser_are_not_shown(client, consultation, begun, who):
    stranger = type(client)()
    name, held = next((name, held.value) for name, held in client.cookies.items() if name.startswith("reponse-"))
    if who == "forged":
        stranger.cookies[name] = held.rsplit(":", 1)[0] + ":AAAA"
    if who == "resident with the key":
        stranger.cookies[name] = held
    if who.startswith("resident"):
        sign_in(stranger, make_resident())
    pages = [stranger.get(begun + path, follow=True) for path in ("", "page/1/", "verifier/", "merci/")]
    assert [page.request["PATH_INFO"] for page in pages if "LIBRE" in _text(page)] == []
    assert stranger.post(f"{begun}verifier/").status_code == 302
    assert Response.objects.filter(submitted_at__isnull=False).count() == 0


def test_answers_in_free_text_are_on_no_public_page(client, consultation, other):
    row = make_questionnaire(consultation=consultation, opens=-9, closes=-2)
    question = add_question(row, "text")
    make_response(row, Answer(question=question, text="LIBRE réponse"))
    analysis.collect_answers(actor=None, consultation=consultation, at=timezone.now())
    assert Item.objects.filter(answer__isnull=False).count() == 1
    found = {name: _leaks(client, address, "get") for name, address in _addresses(consultation).items()}
    assert {name: words for name, words in found.items() if words} == {}
