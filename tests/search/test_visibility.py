"""What is hidden, withdrawn, a draft or not published is found by nobody, whatever its words; its author finds it at home."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from consultations import items
from consultations.models import (
    Contribution,
    Document,
    HeldText,
    Item,
    Outcome,
    Phase,
    Report,
)
from questionnaires.models import Answer, Option, Question, Questionnaire
from search import actions
from search.models import Document as Searched
from search.models import Word
from tests import factories as f
from tests.ballots.votes import make_draft, make_vote
from tests.commitments.rows import make_commitment
from tests.factories import sign_in
from tests.questionnaires.making import add_question, make_questionnaire, make_response

pytestmark = pytest.mark.django_db

WORD = "coquecigrue"
SAID = f"<p>Une {WORD} au milieu du texte.</p>"
NOW = timezone.now()


def contribution(**fields):
    author = fields.pop("author", None)
    return f.make_contribution(author=author, body=f"Une {WORD} au milieu.", **fields)


def outcome(of=None, **fields):
    of = of or f.make_contribution(**fields)
    item = f.make_item(contribution=of)
    return Outcome.objects.create(
        consultation=of.consultation,
        item=item,
        decision="kept",
        explanation=WORD,
        explanation_html=SAID,
        published_at=NOW,
    )


def report(**fields):
    consultation = f.make_consultation(**fields.pop("consultation", {}))
    return Report.objects.create(
        consultation=consultation, decision=SAID, **{"figures": {}, "published_at": NOW, **fields}
    )


def document(**fields):
    consultation = f.make_consultation(**fields)
    return Document.objects.create(
        consultation=consultation,
        title=f"Étude {WORD}",
        file="x.pdf",
        content_type="application/pdf",
        size=1,
        html_body=SAID,
    )


def questionnaire(*, of=None, **fields):
    """A questionnaire that says the word in its questions only."""
    row = make_questionnaire(consultation=of or f.make_consultation(), **fields)
    add_question(row, "multiple", options=("Oui", f"Une {WORD}"), label="Que mettre sur la place ?")
    return row


def answer(*, shown, of=None, **fields):
    """A free answer that says the word, in the analysis; an agent shows it, or not."""
    row = make_questionnaire(consultation=of or f.make_consultation())
    question = add_question(row, "text", label="Que manque-t-il ?")
    make_response(row, Answer(question=question, text=f"Une {WORD}, peut-être.", **fields), user=f.make_resident())
    with transaction.atomic():
        items.write_answers(row.consultation_link.consultation, [Answer.objects.get(question=question).pk])
    if shown:
        Answer.objects.filter(question=question).update(shown_at=NOW)
    return Item.objects.get(answer__question=question)


def held(author, sort="comment", **fields):
    """A comment or a correction that waits for moderation."""
    of = f.make_contribution(author=author)
    words = {"body": f"Une {WORD}."} if sort == "comment" else {"title": f"Une {WORD}", "body": "Voilà."}
    return HeldText.objects.create(
        sort=sort,
        consultation=of.consultation,
        contribution=of,
        author=author,
        cause="held",
        submitted_at=NOW,
        words=words,
        **fields,
    )


DRAFT = {"published_at": None}
GONE = {"withdrawn_at": NOW}
HIDDEN = {"hidden_at": NOW, "hidden_reason": "clause"}
# For each thing that nobody may find: how it is made.
NOT_PUBLIC = {
    "a draft consultation": lambda author: f.make_consultation(summary=SAID, **DRAFT),
    "a draft": lambda author: contribution(author=author, **DRAFT),
    "a contribution that was withdrawn": lambda author: contribution(author=author, **GONE),
    "a contribution that is hidden": lambda author: contribution(author=author, **HIDDEN),
    "a contribution of a draft consultation": lambda author: contribution(
        author=author, consultation=f.make_consultation(**DRAFT)
    ),
    "a comment that was withdrawn": lambda author: f.make_comment(author=author, body=WORD, **GONE),
    "a comment that is hidden": lambda author: f.make_comment(author=author, body=WORD, **HIDDEN),
    "a comment on what is hidden": lambda author: f.make_comment(
        author=author, body=WORD, contribution=f.make_contribution(**HIDDEN)
    ),
    "an answer of a draft consultation": lambda author: outcome(consultation=f.make_consultation(**DRAFT)),
    "a draft report": lambda author: report(figures=None, **DRAFT),
    "a report of a draft consultation": lambda author: report(consultation=DRAFT),
    "a document of a draft consultation": lambda author: document(**DRAFT),
    "a draft questionnaire": lambda author: make_questionnaire(consultation=f.make_consultation(), title=WORD, **DRAFT),
    "a question of a draft questionnaire": lambda author: questionnaire(**DRAFT),
    "a question of a draft consultation": lambda author: questionnaire(of=f.make_consultation(**DRAFT)),
    "a free answer that nobody showed": lambda author: answer(shown=False),
    "a free answer of a draft consultation": lambda author: answer(shown=True, of=f.make_consultation(**DRAFT)),
    "an option of a draft vote": lambda author: make_draft(
        consultation=f.make_consultation(), options=("Un banc", f"Une {WORD}")
    ),
    "an option of a draft consultation": lambda author: make_vote(
        consultation=f.make_consultation(**DRAFT), options=("Un banc", f"Une {WORD}")
    ),
    "a comment that waits": held,
    "a correction that waits": lambda author: held(author, "correction"),
    "a comment that was refused": lambda author: held(author, refused_at=NOW, refused_clause="3"),
    "a draft vote": lambda author: make_draft(consultation=f.make_consultation(), question=WORD),
    "a draft commitment": lambda author: make_commitment(title=WORD, published_at=None, news_at=None),
}
# For each thing that everybody finds, and the part of its address.
PUBLIC = {
    "consultation": (lambda: f.make_consultation(summary=SAID), "/concertations/"),
    "archived": (lambda: f.make_consultation(summary=SAID, archived_at=NOW), "/concertations/"),
    "contribution": (contribution, "/contributions/"),
    "comment": (lambda: f.make_comment(body=WORD), "/commentaires/"),
    "outcome": (outcome, "/contributions/"),
    "report": (report, "/restitution/v1/"),
    "document": (document, "/documents/"),
    "questionnaire": (lambda: make_questionnaire(consultation=f.make_consultation(), title=WORD), "/questionnaire/"),
    "vote": (lambda: make_vote(consultation=f.make_consultation(), question=WORD), "/vote/"),
    "question": (questionnaire, "/questionnaire/"),
    "option": (
        lambda: make_vote(consultation=f.make_consultation(), options=("Un banc", f"Une {WORD}")),
        "/vote/",
    ),
    "phase": (
        lambda: Phase.objects.filter(consultation=f.make_consultation(), position=1).update(name=f"Réunion {WORD}"),
        "/concertations/",
    ),
    "free answer": (lambda: answer(shown=True), "/suites/?voir=avis&depuis="),
    "commitment": (lambda: make_commitment(title=WORD), "/engagements/"),
}


@pytest.mark.parametrize("name", NOT_PUBLIC)
def test_what_is_not_public_is_found_by_nobody(client, found, name):
    author = f.make_resident()
    NOT_PUBLIC[name](author)
    agent = f.make_staff("consultations.change_consultation", "commitments.change_commitment")
    seen = {"visitor": found(WORD)}
    for who, person in {"resident": f.make_resident(), "author": author, "agent": agent}.items():
        sign_in(client, person)
        seen[who] = found(WORD) + found(WORD[:6]) + found(WORD.replace("q", "k", 1))
    assert seen == {"visitor": [], "resident": [], "author": [], "agent": []}


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_is_found_by_everybody(client, found, name):
    make, where = PUBLIC[name]
    make()
    addresses = found(WORD)
    assert [where in address for address in addresses] == [True]
    # A report without figures has no page to show.
    if name != "report":
        assert client.get(addresses[0], follow=True).status_code == 200


def test_an_author_finds_their_own_at_home_and_nobody_elses(client, found):
    author, other = f.make_resident(), f.make_resident()
    for name, make in NOT_PUBLIC.items():
        if name.startswith(("a contribution that", "a comment that", "a correction that")) or name == "a draft":
            make(author)
    moderator = f.make_staff("moderation.decide_case")
    for person in (other, moderator):
        sign_in(client, person)
        assert found(WORD, route="search:own") == []
    sign_in(client, author)
    addresses = found(WORD, route="search:own")
    assert len(addresses) == 8
    # Each leads where its author may read it, or is told that it is gone from there.
    assert {client.get(address, follow=True).status_code for address in addresses} == {200, 410}


def test_an_author_reads_what_became_of_their_text(client, found):
    """What was released or taken back waits no more: it is found where it is, or nowhere."""
    author = f.make_resident()
    row = held(author)
    sign_in(client, author)
    assert [f"/{row.reference.lower()}/" in url.lower() for url in found(WORD, route="search:own")] == [True]
    HeldText.objects.filter(pk=row.pk).update(withdrawn_at=NOW)
    assert found(WORD, route="search:own") == []
    assert not Searched.objects.filter(kind="held").exists()
    again = held(author)
    HeldText.objects.filter(pk=again.pk).update(released_at=NOW)
    assert found(WORD, route="search:own") == []


def test_an_agent_finds_the_drafts_they_may_open(client, found):
    f.make_consultation(summary=SAID, **DRAFT)
    sign_in(client, f.make_staff())
    assert found(WORD, route="search:own") == []
    sign_in(client, f.make_staff("consultations.change_consultation"))
    assert len(found(WORD, route="search:own")) == 1


def test_a_visitor_signs_in_to_search_their_own_space(client):
    assert client.get(reverse("search:own"))["Location"].startswith(reverse("account_login"))


def test_hiding_is_seen_at_the_next_request(found):
    row = contribution()
    assert len(found(WORD)) == 1
    Contribution.objects.filter(pk=row.pk).update(hidden_at=NOW)
    assert found(WORD) == []
    Contribution.objects.filter(pk=row.pk).update(hidden_at=None)
    assert len(found(WORD)) == 1


def test_a_word_of_hidden_texts_alone_is_never_suggested(found, meant):
    row = contribution()
    actions.count_words()
    assert meant("coquecigrux") == WORD
    Contribution.objects.filter(pk=row.pk).update(hidden_at=NOW)
    assert meant("coquecigrux") == ""


def test_erasing_leaves_nothing_in_the_index():
    row = contribution()
    actions.count_words()
    assert Word.objects.filter(folded=WORD).exists()
    Contribution.objects.filter(pk=row.pk).update(body_html="<p>Texte masqué.</p>", title="Sans")
    searched = Searched.objects.filter(kind="contribution", object_id=row.pk)
    assert WORD not in str(list(searched.values_list("title", "body", "search")))
    assert not Word.objects.filter(folded=WORD).exists()
    row.delete()
    assert not searched.exists()


def test_a_free_answer_is_copied_once_it_is_shown_and_goes_when_it_is_hidden(found):
    row = answer(shown=False)
    searched = Searched.objects.filter(kind="answer")
    assert not searched.exists()
    Answer.objects.filter(pk=row.answer_id).update(shown_at=NOW)
    assert len(found(WORD)) == 1
    Answer.objects.filter(pk=row.answer_id).update(shown_at=None)
    assert found(WORD) == []
    assert not searched.exists()


def test_what_is_asked_follows_its_parts(found):
    """Options are written again at each change, questions move and are worded otherwise, rows go one by one."""
    row = questionnaire()
    (address,) = found(WORD)
    Option.objects.filter(label=f"Une {WORD}").update(label="Un kiosque")
    assert found(WORD) == []
    assert found("kiosque") == [address]
    Question.objects.filter(section__questionnaire=row).update(help=f"Ou une {WORD}.")
    assert found(WORD) == [address]
    Question.objects.filter(section__questionnaire=row).delete()
    assert found(WORD) == []
    # The options of a published vote stay: those of a draft change.
    vote = make_draft(consultation=f.make_consultation(), options=("Un banc", "Une lampe"))
    vote.votation.options.filter(label="Un banc").update(description=f"Près de la {WORD}.")
    assert WORD in Searched.objects.get(kind="vote").body
    Questionnaire.objects.filter(pk=row.pk).delete()
    assert not Searched.objects.filter(kind="questionnaire").exists()
