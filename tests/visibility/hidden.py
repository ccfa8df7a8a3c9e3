"""A city where everything that can be hidden is hidden once, each thing under a word that nothing else holds."""

from dataclasses import dataclass, field

from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from consultations import setting_aside
from consultations.models import AnalysisTheme, Attachment, ContributionVersion, Document, HeldText, Note, Report
from moderation import actions as moderation
from moderation import kinds
from questionnaires.models import Answer
from tests import factories as f
from tests.ballots import votes
from tests.commitments.rows import make_commitment, make_news
from tests.questionnaires.making import add_question, make_questionnaire, make_response
from tests.questionnaires.making import url as questionnaire_url

WORD = "zq{:03}xvk"


@dataclass(frozen=True)
class Secret:
    """Something that this surface must not show: what it is, its word, its own address, and who may still read it there."""

    what: str
    word: str
    url: str = ""
    readers: tuple[User, ...] = ()


@dataclass
class City:
    """What is public, to be sure that the crawl sees something, and what is not."""

    seen: dict[str, str] = field(default_factory=dict)
    secrets: list[Secret] = field(default_factory=list)

    def word(self) -> str:
        return WORD.format(len(self.seen) + len(self.secrets) + 1)

    def show(self, what, make):
        """Make something public that holds a word."""
        word = self.word()
        made = make(word)
        self.seen[what] = word
        return made

    def hide(self, what, make, url=None, readers=()):
        """Make something hidden that holds a word; `url` gives its own address."""
        word = self.word()
        made = make(word)
        self.secrets.append(Secret(what, word, url(made) if url else "", tuple(readers)))
        return made


def page_of(row):
    return row.get_absolute_url()


def build() -> City:
    """Fill the city: a public consultation with its texts, and each kind of thing that is not public yet, or no more."""
    city, at = City(), timezone.now()
    author = f.make_resident(public_name="Camille Auteur")
    open_one = city.show("consultation", lambda word: f.make_consultation(title=f"Le parc {word}"))
    written = {"consultation": open_one, "author": author}
    public = city.show("contribution", lambda word: f.make_contribution(title=f"Un banc {word}", **written))
    city.show("comment", lambda word: f.make_comment(contribution=public, author=author, body=f"D’accord {word}"))

    _texts(city, at, public, written)
    _waiting(city, at, public, author)
    _of_agents(city, at, open_one, public)
    _unpublished(city, at)
    _sealed(city, at)
    _people(city, open_one)
    return city


def _texts(city, at, public, written):
    """What residents wrote and that is not, or no more, for everybody to read."""
    author = written["author"]

    def contribution(**fields):
        return lambda word: f.make_contribution(title=f"Titre {word}", body=f"Corps {word}", **{**written, **fields})

    city.hide("draft of a contribution", contribution(published_at=None), page_of, [author])
    city.hide("withdrawn contribution", contribution(withdrawn_at=at), page_of, [author])
    gone = city.hide("hidden contribution", contribution(hidden_at=at, hidden_reason="Charte"), page_of, [author])
    word = city.secrets[-1].word
    ContributionVersion.objects.create(
        contribution=gone, number=1, title=word, body=word, body_html=word, replaced_at=at
    )
    for what, fields in {"withdrawn": {"withdrawn_at": at}, "hidden": {"hidden_at": at}}.items():
        city.hide(
            f"{what} comment",
            lambda word, fields=fields: f.make_comment(
                contribution=public, author=author, body=f"Mot {word}", is_proposal=True, **fields
            ),
        )
    city.hide(
        "comment under a hidden contribution", lambda word: f.make_comment(contribution=gone, body=f"Dessous {word}")
    )
    draft = f.make_contribution(published_at=None, **written)
    for what, row in {"draft": draft, "hidden contribution": gone}.items():
        city.hide(
            f"file of a {what}",
            lambda word, row=row: Attachment.objects.create(
                contribution=row,
                kind="document",
                name=f"{word}.txt",
                file=ContentFile(word.encode(), f"{word}.txt"),
                content_type="text/plain",
                size=9,
            ),
            lambda row: reverse("consultations:attachment", args=[row.key]),
            [author],
        )


def _waiting(city, at, public, author):
    """What moderation reads first, what it was told, and what is set aside at the request of its author."""
    common = {"consultation": public.consultation, "contribution": public, "submitted_at": at}
    for sort in ("comment", "correction"):
        city.hide(
            f"{sort} that waits",
            lambda word, sort=sort: HeldText.objects.create(
                sort=sort, author=author, words={"title": word, "body": f"Attend {word}"}, cause="held", **common
            ),
        )
    city.hide(
        "words of a report",
        lambda word: moderation.report(
            reporter=f.make_resident(),
            kind=kinds.of("contribution"),
            reference=public.reference,
            reason="insult",
            words=f"Parce que {word}",
            url=public.get_absolute_url(),
            name="",
            email="",
            fingerprint="",
            language="fr",
            at=at,
        ),
    )

    def set_aside(word):
        person = f.make_resident(public_name=f"Nom {word}")
        f.make_contribution(consultation=public.consultation, author=person, title=f"Banc {word}")
        with transaction.atomic():
            setting_aside.hide(person)

    city.hide("text of a person whose data are set aside", set_aside)


def _of_agents(city, at, open_one, public):
    """What agents prepare about what is public."""
    item = f.make_item(contribution=public)
    city.hide("internal note", lambda word: Note.objects.create(item=item, body=f"Note {word}", written_at=at))
    city.hide(
        "prepared decision",
        lambda word: AnalysisTheme.objects.create(
            consultation=open_one, public_title=f"Sujet {word}", draft_decision="kept", draft_explanation=f"Oui {word}"
        ),
    )
    city.hide(
        "draft of a report",
        lambda word: Report.objects.create(consultation=open_one, said=f"Dit {word}", decision=word),
    )


def _unpublished(city, at):
    """What a public page will show one day."""

    def draft(word):
        row = f.make_consultation(title=f"Brouillon {word}", summary=word, description=word, published_at=None)
        f.make_section(row, title=f"Partie {word}", question=word, position=9)
        return row

    row = city.hide("draft of a consultation", draft, page_of)
    city.hide("contribution of a draft", lambda word: f.make_contribution(consultation=row, title=word), page_of)
    city.hide(
        "document of a draft",
        lambda word: Document.objects.create(
            consultation=row,
            title=f"Plan {word}",
            file=ContentFile(word.encode(), "plan.txt"),
            content_type="text/plain",
            size=9,
            html_body=f"<p>{word}</p>",
        ),
        lambda row: reverse("consultations:document", args=[row.key]),
    )
    commitment = city.hide(
        "draft of a commitment",
        lambda word: make_commitment(title=f"Planter {word}", description=word, published_at=None, news_at=None),
        page_of,
    )
    city.hide("news of a draft", lambda word: make_news(commitment, text=word, text_html=f"<p>{word}</p>"))
    city.hide(
        "draft of a questionnaire",
        lambda word: make_questionnaire(title=f"Brouillon {word}", published_at=None),
        questionnaire_url,
    )
    city.hide(
        "draft of a vote",
        lambda word: votes.make_draft(options=(f"Option {word}", "Autre"), question=f"Question {word} ?"),
        lambda link: reverse("consultations:vote", args=[link.consultation.slug, link.votation.reference]),
    )


def _sealed(city, at):
    """Answers before their day, and words that are for agents only."""
    running = make_questionnaire(closes=10)
    question = add_question(running, "text", label="Pourquoi ?")
    city.hide(
        "free text of a running questionnaire",
        lambda word: make_response(running, Answer(question=question, text=f"Parce que {word}")),
    )
    over = make_questionnaire(closes=-2)
    question = add_question(over, "text", label="Pourquoi ?")

    def answers(word):
        for number in range(8):
            make_response(over, Answer(question=question, text=f"Parce que {word} {number}"))

    city.hide("free text of a finished questionnaire", answers)


def _people(city, open_one):
    """What a person never shows: their address, and a name they did not sign with."""
    city.hide(
        "address of an author",
        lambda word: f.make_contribution(consultation=open_one, author=f.make_resident(email=f"{word}@example.org")),
    )
    city.hide(
        "name of somebody who signs by district",
        lambda word: f.make_contribution(
            consultation=open_one, author=f.make_resident(public_name=f"Nom {word}"), signature="district"
        ),
    )
    city.hide("name of somebody who wrote nothing", lambda word: f.make_resident(public_name=f"Nom {word}"))
