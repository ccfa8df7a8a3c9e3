"""A city where everything that can be hidden is hidden once, each thing under a word that nothing else holds.

It stands on the city of `tests/consultations/staff_pages.py`, where each page has something public to show. Every column of words
of every hidden row holds its word: `test_every_column_of_words_is_hidden_once` finds the kinds and the columns that are not here.
"""

import datetime as dt
import io
import itertools
import re
import zipfile
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Residency, User
from accounts.roles import ROLES
from city.models import District
from consultations import archiving, setting_aside
from consultations.models import (
    AnalysisTheme,
    ArchivePackage,
    Attachment,
    Comment,
    Contribution,
    ContributionVersion,
    Document,
    HeldText,
    Item,
    Note,
    Outcome,
    Phase,
    Report,
    Source,
)
from ideas import clocks, gathering, said_hiding
from ideas import setting_aside as setting_ideas_aside
from ideas.models import (
    Amendment,
    AuthorNews,
    Campaign,
    CoAuthor,
    Criterion,
    Event,
    EventPhoto,
    Gathering,
    Idea,
    InternalNote,
    Reading,
    Study,
    StudyPart,
)
from ideas.models import Answer as IdeaAnswer
from ideas.models import HeldText as HeldIdeaText
from moderation import actions as moderation
from moderation import kinds
from moderation.models import Appeal, Block, Case, Decision
from moderation.models import Report as Signal
from notifications import kinds as kinds_of_mails
from notifications.kinds import Frequency
from notifications.models import AddressState, Notification, OutboundMail, Preference, Subscription
from opendata import tasks as opendata
from privacy.models import (
    AccessLog,
    Breach,
    DataRequest,
    EliminationLine,
    EliminationProposal,
    Limitation,
)
from questionnaires.models import Answer, ResponseFile
from search.tasks import learn_words
from tests import factories as f
from tests.ballots import votes
from tests.commitments.rows import make_commitment, make_news
from tests.consultations.staff_pages import City as Base
from tests.consultations.staff_pages import an_agent
from tests.ideas import rows as around
from tests.moderation import deciding
from tests.questionnaires.making import add_question, make_questionnaire, make_response
from tests.questionnaires.making import url as questionnaire_url
from transparency.models import AccessibilityFault

WORD = "zq{:03}xvk"
ANY_WORD = r"zq\d{3}xvk"
# Columns that hold no sentence: names that the code gives, marks, kinds of contents.
CODES = re.compile(
    r"(reference|slug|kind|key|topic|about|route|language|act|role|once_key|version|charter_version|clause|refused_clause|"
    r"content_type|number|previous|seal|sha256|fingerprint|content_print|[a-z]+_hash|[a-z]*digest|source_key|category|subject_kind|"
    r"parent_kind|password|reported_by|consent_version|complained_of|age_band)"
)


def holding(*permissions):
    """Give the roles that hold one of these permissions."""
    return frozenset(code for code, role in ROLES.items() if role.permissions & set(permissions))


NOBODY = frozenset()
VOICES = holding("consultations.view_contribution")
DRAFTS = holding("consultations.change_consultation")
ANALYSTS = holding("consultations.analyse_consultation")
WRITERS = holding("consultations.change_report")
ASKERS = holding("questionnaires.view_questionnaire")
MODERATORS = holding("moderation.view_case")
KEEPERS = holding("privacy.view_breach")
# Whoever looks at ideas, works on them, gathers them.
BOX = holding("ideas.view_idea")
WORKERS = holding(*(f"ideas.{verb}_idea" for verb in ("read", "study", "answer", "follow")))
GATHERERS = holding("ideas.study_idea")
PEOPLE = holding("accounts.view_user", "accounts.view_residency")


@dataclass(frozen=True)
class Secret:
    """Something that this surface must not show: what it is, its word, its own address, and who may still read it.

    `readers` read it at its address, `staff` are the roles that read it in the staff space.
    """

    what: str
    word: str
    url: str = ""
    readers: tuple[User, ...] = ()
    staff: frozenset[str] = NOBODY


@dataclass
class City:
    """What is public, to be sure that the crawl sees something, and what is not."""

    base: Base
    seen: dict[str, str] = field(default_factory=dict)
    secrets: list[Secret] = field(default_factory=list)
    # Public pages that only agents or mails lead to.
    starts: list[str] = field(default_factory=list)
    # Pages where somebody answers for what is theirs.
    desks: list[str] = field(default_factory=list)
    # Somebody who lives there and has nothing of their own, somebody who has no name yet; what was read as a visitor (None) and as
    # the neighbour: once for all the tests.
    neighbour: User = field(default_factory=f.make_resident)
    newcomer: User = field(default_factory=lambda: f.make_user(public_name=""))
    read: dict[User | None, dict[str, tuple[int, str]]] = field(default_factory=dict)

    def word(self) -> str:
        return WORD.format(len(self.seen) + len(self.secrets) + 1)

    def show(self, what, make):
        """Make something public that holds a word."""
        word = self.word()
        made = make(word)
        self.seen[what] = word
        return made

    def hide(self, what, make, url=None, readers=(), staff=NOBODY):
        """Make something hidden that holds a word; `url` gives its own address."""
        word = self.word()
        made = make(word)
        self.secrets.append(Secret(what, word, url(made) if url else "", tuple(readers), frozenset(staff)))
        return made


def page_of(row):
    return row.get_absolute_url()


def author_of(city, what):
    """Give who may still read something."""
    return next(secret for secret in city.secrets if secret.what == what).readers[0]


def words_of(model):
    """Give the columns of a table that hold words."""
    return [
        column
        for column in model._meta.concrete_fields
        if isinstance(column, models.CharField | models.TextField)
        and not column.choices
        and not column.primary_key
        and not CODES.fullmatch(column.name)
    ]


def fill(row, word, *, but=()):
    """Write the word in every column of words of a row, past the actions: what they would let through is not what is tried."""
    type(row)._base_manager.filter(pk=row.pk).update(**filled(type(row), word, but=but))  # noqa: SLF001 (every row)
    row.refresh_from_db()
    return row


def filled(model, word, *, but=()):
    """Give every column of words of a table with the word in it: for what is never changed once it is there."""
    values = {}
    for column in words_of(model):
        if column.name in but:
            continue
        if isinstance(column, models.EmailField):
            values[column.name] = f"{word}@example.org"
        elif isinstance(column, models.URLField) or column.name.endswith("url"):
            values[column.name] = f"https://example.org/{word}"
        elif "html" in column.name:
            values[column.name] = f"<p>Mot {word}</p>"
        else:
            values[column.name] = f"Mot {word}"
    return values


def build() -> City:
    """Fill the city: public consultations with their texts, and each kind of thing that is not public yet, or no more."""
    at = timezone.now()
    base = Base(an_agent(), 3)
    city = City(base)
    author = f.make_resident(public_name="Camille Auteur")
    written = {"consultation": base.open, "author": author}
    city.show("consultation", lambda word: f.make_consultation(title=f"Le parc {word}"))
    public = city.show("contribution", lambda word: f.make_contribution(title=f"Un banc {word}", **written))
    city.show("comment", lambda word: f.make_comment(contribution=public, author=author, body=f"D’accord {word}"))

    _texts(city, at, public, written)
    _waiting(city, at, public, author)
    _moderation(city, at, public)
    _of_agents(city, at, base.over, public)
    _unpublished(city, at)
    _sealed(city, base.open)
    _people(city, at, base.open)
    _box(city, at)
    _rights(city, at)
    _archived(city, at)
    _followers(city, at)
    return city


def _texts(city, at, public, written):
    """What residents wrote and that is not, or no more, for everybody to read."""
    author = written["author"]

    def contribution(**fields):
        return lambda word: fill(f.make_contribution(**{**written, **fields}), word)

    city.hide("draft of a contribution", contribution(published_at=None), page_of, [author])
    city.hide("withdrawn contribution", contribution(withdrawn_at=at), page_of, [author], VOICES)
    hidden = {"hidden_at": at, "hidden_reason": "3.2"}
    gone = city.hide("hidden contribution", contribution(**hidden), page_of, [author], VOICES)
    word = city.secrets[-1].word
    fill(ContributionVersion.objects.create(contribution=gone, number=1, title="x", replaced_at=at), word)
    fill(Source.objects.create(contribution=gone, title="x", url="https://example.org/"), word)
    for what, fields in {"withdrawn": {"withdrawn_at": at}, "hidden": hidden}.items():
        city.hide(
            f"{what} comment",
            lambda word, fields=fields: fill(f.make_comment(contribution=public, is_proposal=True, **fields), word),
            staff=VOICES,
        )
    city.hide(
        "comment under a hidden contribution",
        lambda word: fill(f.make_comment(contribution=gone), word),
        staff=VOICES,
    )
    draft = f.make_contribution(published_at=None, **written)
    for what, row in {"draft": draft, "hidden contribution": gone}.items():
        city.hide(f"file of a {what}", lambda word, row=row: _file(row, word), _file_url, [author])
    city.hide(
        "image taken away by moderation",
        lambda word: _file(public, word, hidden_at=at),
        _file_url,
    )

    def set_aside(word):
        person = f.make_resident(public_name="Alix Retenue")
        fill(f.make_contribution(consultation=public.consultation, author=person), word, but=["hidden_reason"])
        with transaction.atomic():
            setting_aside.hide(person)

    city.hide("text of a person whose data are set aside", set_aside)


def _file(row, word, **fields):
    return Attachment.objects.create(
        contribution=row,
        kind="document",
        name=f"{word}.txt",
        alt=f"Photo {word}",
        file=ContentFile(word.encode(), f"{word}.txt"),
        content_type="text/plain",
        size=9,
        **fields,
    )


def _file_url(row):
    return reverse("consultations:attachment", args=[row.key])


def _waiting(city, at, public, author):
    """What moderation reads first, refused or left without what it answers."""
    common = {"consultation": public.consultation, "contribution": public, "author": author, "submitted_at": at}
    words = "Attend {}".format

    def held(sort, **fields):
        return lambda word: HeldText.objects.create(
            sort=sort, cause="held", words={"title": words(word), "body": words(word)}, **{**common, **fields}
        )

    def page(row):
        return reverse("consultations:held", args=[row.reference])

    city.hide("comment that waits", held("comment"), page, [author], MODERATORS)
    city.hide("correction that waits", held("correction"), page, [author], MODERATORS)
    city.hide("refused comment", held("comment", refused_at=at, refused_clause="3.2"), page, [author], MODERATORS)
    city.hide("comment that answers nothing any more", held("comment", refused_at=at), page, [author], MODERATORS)

    def contribution(word):
        row = f.make_contribution(consultation=public.consultation, author=author, published_at=None, submitted_at=at)
        fill(row, word)
        return held("contribution", contribution=row)(word)

    city.hide("contribution that waits", contribution, page, [author], MODERATORS)


def _moderation(city, at, public):
    """What was reported, decided, contested and answered: known to one person and to moderators."""
    here = {"consultation": public.consultation}
    person = f.make_resident(public_name="Sacha Contesté")

    def report(word):
        made = moderation.report(
            reporter=AnonymousUser(),
            kind=kinds.of("contribution"),
            reference=public.reference,
            reason="insult",
            words="Pour voir.",
            url=public.get_absolute_url(),
            name="",
            email="",
            fingerprint=word,
            language="fr",
            at=at,
        )
        return fill(Signal.objects.get(pk=made.pk), word)

    city.hide(
        "words of a report, and who made it",
        report,
        lambda made: reverse("moderation:reported", args=[made.reference]),
        staff=MODERATORS,
    )

    def proposal(word):
        Case.objects.filter(subject=public.reference).update(proposal=[word])

    city.hide("passages that the detector proposes", proposal, staff=MODERATORS)

    def taken_away(word):
        row = f.make_contribution(title=f"Titre {word}", body=f"Corps {word}", author=person, **here)
        return deciding.hide(row)

    def decision_page(made):
        return reverse("moderation:own_decision", args=[made.reference])

    decision = city.hide("text taken away by a decision", taken_away, decision_page, [person], VOICES)
    city.hide(
        "facts of a decision",
        lambda word: Decision.objects.filter(pk=decision.pk).update(facts=f"Parce que {word}"),
        lambda _number: decision_page(decision),
        [person],
        MODERATORS,
    )
    city.hide(
        "words of an appeal",
        lambda word: moderation.appeal(actor=person, decision=decision, words=f"Mais {word}", at=at),
        lambda _made: decision_page(decision),
        [person],
        MODERATORS,
    )

    def masked(word):
        row = f.make_contribution(title="Un numéro", body=f"Le mot {word} est de trop.", author=person, **here)
        return deciding.mask(row, word)

    judged = city.hide("passage masked by a decision", masked, decision_page, [person], MODERATORS)

    def answered(word):
        appeal = moderation.appeal(actor=person, decision=judged, words="Non.", at=at)
        return moderation.judge(
            actor=deciding.make_moderator(), appeal=appeal, outcome="upheld", reasons=f"Car {word}", at=at
        )

    city.hide("answer to an appeal", answered, lambda _made: decision_page(judged), [person], MODERATORS)
    city.hide(
        "reason of a suspension",
        lambda word: moderation.block(
            actor=deciding.make_moderator(),
            person=person,
            days=7,
            clause="3.2",
            reason=f"Trois fois {word}",
            at=at,
        ),
        lambda made: reverse("moderation:own_block", args=[made.reference]),
        [person],
        MODERATORS,
    )
    assert Appeal.objects.count() == 2
    assert Block.objects.count() == 1


def _of_agents(city, at, over, public):
    """What agents prepare about what is public."""
    item = f.make_item(contribution=f.make_contribution(consultation=over))
    city.hide(
        "internal note",
        lambda word: Note.objects.create(item=item, body=f"Note {word}", written_at=at),
        staff=ANALYSTS,
    )
    city.hide(
        "prepared decision of an opinion",
        lambda word: Item.objects.filter(pk=item.pk).update(
            draft_decision="kept", draft_explanation=f"Oui {word}", draft_forwarded_to=f"À {word}"
        ),
        staff=ANALYSTS,
    )
    city.hide(
        "words of the opinion of a hidden contribution",
        lambda word: fill(
            f.make_item(contribution=f.make_contribution(consultation=over, hidden_at=at, hidden_reason="3.2")), word
        ),
        staff=ANALYSTS,
    )
    city.hide(
        "theme that is prepared",
        lambda word: fill(
            AnalysisTheme.objects.create(consultation=over, public_title="x", draft_decision="kept"), word
        ),
        staff=ANALYSTS,
    )

    def answer(word):
        hidden = f.make_item(contribution=f.make_contribution(consultation=over, hidden_at=at, hidden_reason="3.2"))
        # An answer is never changed once it is there.
        Outcome.objects.create(
            consultation=over,
            item=hidden,
            decision="forwarded",
            explanation=word,
            explanation_html=f"<p>{word}</p>",
            forwarded_to=word,
            published_at=at,
        )

    city.hide("answer to a hidden contribution", answer, staff=ANALYSTS)

    def report(word):
        row = Report.objects.create(consultation=f.make_consultation(phase="analyse"))
        return fill(row, word, but=["correction"])

    city.hide(
        "draft of a report",
        report,
        lambda row: reverse("consultations:report", args=[row.consultation.slug]),
        staff=WRITERS,
    )


def _unpublished(city, at):
    """What a public page will show one day."""

    def draft(word):
        row = f.make_consultation(published_at=None)
        fill(row, word)
        fill(f.make_section(row, position=9), word)
        for phase in Phase.objects.filter(consultation=row):
            fill(phase, word)
        return row

    row = city.hide("draft of a consultation", draft, page_of, staff=DRAFTS | VOICES)
    draft_word = city.secrets[-1].word
    city.hide("social image of a draft", lambda _word: row, lambda row: f"{row.get_absolute_url()}apercu.png")
    city.hide(
        "contribution of a draft",
        lambda word: fill(f.make_contribution(consultation=row), word),
        page_of,
        staff=VOICES,
    )
    city.hide(
        "document of a draft",
        lambda word: fill(
            Document.objects.create(
                consultation=row,
                title="x",
                file=ContentFile(word.encode(), "plan.txt"),
                content_type="text/plain",
                size=9,
                html_body="x",
            ),
            word,
        ),
        lambda row: reverse("consultations:document", args=[row.key]),
        staff=DRAFTS,
    )
    commitment = city.hide(
        "draft of a commitment",
        lambda word: fill(make_commitment(published_at=None, news_at=None), word),
        page_of,
        staff=holding("commitments.view_commitment"),
    )

    def news(word):
        # News is never changed once it is there.
        values = {"text": word, "text_html": f"<p>{word}</p>", "photo_alt": word}
        make_news(commitment, **values)

    city.hide("news of a draft", news, staff=holding("commitments.view_commitment"))

    def questionnaire(word):
        made = fill(make_questionnaire(consultation=city.base.open, published_at=None), word, but=["cancel_reason"])
        fill(made.sections.get(), word)
        question = add_question(made, "matrix", rows=("Une", "Deux"))
        fill(question, word)
        for part in (*question.options.order_by("pk"), *question.rows.order_by("pk")):
            fill(part, word)
        return made

    city.hide("draft of a questionnaire", questionnaire, questionnaire_url, staff=ASKERS)

    def vote(word):
        link = votes.make_draft(consultation=city.base.open)
        fill(link.votation, word, but=["cancel_reason"])
        for option in link.votation.options.order_by("pk"):
            fill(option, word, but=["label"])
        first = link.votation.options.order_by("pk").first()
        first.label = f"Option {word}"
        first.save(update_fields=["label"])
        return link

    city.hide(
        "draft of a vote",
        vote,
        lambda link: reverse("consultations:vote", args=[link.consultation.slug, link.votation.reference]),
        staff=DRAFTS,
    )

    def basket(word):
        link = votes.make_campaign_draft(campaign=city.base.campaign_votes[0].campaign)
        fill(link.votation, word, but=["cancel_reason"])
        return link

    city.hide("draft of the vote of a campaign", basket, votes.url, staff=holding("ideas.change_campaign"))
    assert draft_word


def _box(city, at):
    """The idea box: what is public of it, then each thing that is not, or no more."""
    author = f.make_resident(public_name="Dominique Proposant")
    campaign = f.make_campaign(title="La boîte à idées")
    written = {"campaign": campaign, "author": author}
    public = city.show("idea", lambda word: f.make_idea(title=f"Un kiosque {word}", **written))
    city.show(
        "idea comment", lambda word: f.make_idea_comment(idea=public, author=author, body_html=f"<p>Oui {word}</p>")
    )
    answer = city.show("answer to an idea", lambda word: around.make_answer(public, reason_html=f"<p>Oui {word}</p>"))
    city.show("news of an idea", lambda word: around.make_event(public, text_html=f"<p>Commencé {word}</p>"))
    city.show("reaction to an answer", lambda word: around.make_reaction(answer, body_html=f"<p>Merci {word}</p>"))
    # Answered, and their author has said nothing of it yet.
    around.make_answer(f.make_idea(**written))
    with transaction.atomic():
        clocks.begin_threshold(idea=public, threshold=campaign.thresholds.earliest("supports"), at=at)
    around.make_milestone(public)
    around.make_photo(public)
    EventPhoto.objects.create(
        event=public.events.get(), file=ContentFile(b"RIFF", "x.webp"), alt="Le kiosque", content_type="image/webp"
    )
    city.starts += [
        reverse("ideas:paper_form", args=[campaign.slug]),
        reverse("ideas:paper_sheet", args=[public.reference]),
    ]
    _ideas(city, at, public, written)
    _around_ideas(city, at, public)
    _waiting_ideas(city, at, public, author)
    _city_side_of_ideas(city, at, public)
    _beside_ideas(city, at, public)
    _gathered_ideas(city, at, public)
    _signing_ideas(city, at, public)


def _ideas(city, at, public, written):
    """Ideas that are not, or no more, for everybody to read."""
    author = written["author"]

    def idea(**fields):
        return lambda word: fill(
            f.make_idea(**{**written, "behalf": "association", "behalf_name": "x", **fields}), word
        )

    def photo_url(row):
        return reverse("ideas:photo", args=[row.key])

    def photo(row, **fields):
        return lambda word: fill(around.make_photo(row, word.encode(), **fields), word)

    def draft_url(row):
        return reverse("ideas:draft", args=[row.reference])

    draft = city.hide("draft of an idea", idea(published=False), draft_url, [author])
    city.hide("photo of a draft idea", photo(draft), photo_url, [author])
    city.hide("withdrawn idea", idea(withdrawn_at=at), page_of, [author], BOX)
    gone = city.hide("hidden idea", idea(hidden_at=at, hidden_reason="3.2"), page_of, [author], BOX)
    fill(around.make_version(gone), city.secrets[-1].word)
    city.hide("photo of a hidden idea", photo(gone), photo_url, [author], BOX)
    city.hide(
        "photo of an idea taken away by moderation", photo(public, hidden_at=at, position=2), photo_url, [author], BOX
    )
    city.hide(
        "promise of a threshold of a hidden idea",
        lambda _word: clocks.threshold_key(gone, 50),
        lambda key: reverse("ideas:promise", args=[key]),
    )
    _under_a_hidden_idea(city, at, gone)
    # Under the title of an idea that everybody reads, which is offered to its author in its place.
    again = f.make_idea(**written, published=False, title=public.title, need="", need_html="")
    city.desks.append(reverse("ideas:duplicates", args=[again.reference]))

    def set_aside(word):
        person = f.make_resident(public_name="Sasha Retenue")
        idea(author=person, hidden_at=None)(word)
        Idea.objects.filter(author=person).update(hidden_reason="")
        around.make_reaction(around.make_answer(f.make_idea(**written)), author=person, body=word, body_html=word)
        with transaction.atomic():
            setting_ideas_aside.hide(person)

    city.hide("idea of a person whose data are set aside", set_aside, staff=BOX)
    person = f.make_resident(public_name="Maé Contestée")
    city.hide(
        "idea taken away by a decision",
        lambda word: deciding.hide(f.make_idea(campaign=public.campaign, author=person, title=word, need=word)),
        lambda made: reverse("moderation:own_decision", args=[made.reference]),
        [person],
        MODERATORS | BOX,
    )
    city.hide(
        "name of somebody who signs an idea by district",
        lambda word: f.make_idea(
            campaign=public.campaign, author=f.make_resident(public_name=f"Nom {word}"), signature="district"
        ),
        staff=holding("accounts.view_user", "accounts.view_residency"),
    )
    city.hide(
        "name of somebody who supports an idea",
        lambda word: f.make_support(idea=public, user=f.make_resident(public_name=f"Nom {word}")),
        staff=holding("accounts.view_user", "accounts.view_residency"),
    )
    city.hide(
        "address of the author of an idea",
        lambda word: f.make_idea(campaign=public.campaign, author=f.make_resident(email=f"{word}@example.org")),
    )


def _under_a_hidden_idea(city, at, gone):
    """What stands around an idea goes with it: what residents said, what the city decided and did."""
    city.hide("comment under a hidden idea", lambda word: fill(f.make_idea_comment(idea=gone), word), staff=BOX)
    reading = {"number": 1, "score": 50, "published_at": at}

    def read(word):
        row = Reading.objects.create(idea=gone, handed_to=word, **reading)
        Criterion.objects.create(reading=row, code="cost", level=2, reason=word)
        study = Study.objects.create(idea=gone, opened_at=at, ground=word)
        around_study(study, word, at)

    city.hide("reading and study of a hidden idea", read, staff=BOX)
    answer = city.hide(
        "answer to a hidden idea", lambda word: around.make_answer(gone, **filled(IdeaAnswer, word)), staff=BOX
    )
    city.hide("reaction under a hidden idea", lambda word: fill(around.make_reaction(answer), word), staff=BOX)

    def news(word):
        made = around.make_event(gone, **filled(Event, word))
        EventPhoto.objects.create(
            event=made, file=ContentFile(word.encode(), "x.webp"), alt=word, content_type="image/webp"
        )

    city.hide("news of a hidden idea", news, staff=BOX)


def around_study(study, word, at):
    """The part of a service in a study."""
    StudyPart.objects.create(
        study=study,
        service=f.make_service(),
        feasibility="if",
        condition=word,
        constraint=word,
        asked_at=at,
        given_at=at,
    )


def _around_ideas(city, at, public):
    """Words around a public idea that their author or moderation took away."""
    answers = [around.make_answer(f.make_idea(campaign=public.campaign)) for _ in range(2)]
    gone = {"withdrawn": {"withdrawn_at": at}, "hidden": {"hidden_at": at, "hidden_reason": "3.2"}}
    for (what, fields), answer in zip(gone.items(), answers, strict=True):
        city.hide(
            f"{what} comment of an idea",
            lambda word, fields=fields: fill(f.make_idea_comment(idea=public, **fields), word),
            staff=BOX,
        )
        city.hide(
            f"{what} reaction",
            lambda word, fields=fields, answer=answer: fill(around.make_reaction(answer, **fields), word),
            staff=BOX,
        )


def _waiting_ideas(city, at, public, author):
    """What moderation reads first around ideas, refused or left without what it answers."""

    def held(sort, idea=public, **fields):
        return lambda word: HeldIdeaText.objects.create(
            sort=sort,
            idea=idea,
            author=author,
            cause="held",
            submitted_at=at,
            words={"title": word, "need": word, "body": word, "stance": "for"},
            **fields,
        )

    def page(row):
        return reverse("ideas:held", args=[row.reference])

    def idea(word):
        waiting = {"published": False, "submitted_at": at, "theme": f.make_theme(), "behalf": "council"}
        row = fill(f.make_idea(campaign=public.campaign, author=author, behalf_name="x", **waiting), word)
        return held("idea", row)(word)

    for what, make in {
        "idea that waits": idea,
        "comment of an idea that waits": held("comment"),
        "correction of an idea that waits": held("correction"),
        "refused comment of an idea": held("comment", refused_at=at, refused_clause="3.2"),
        "comment that answers no idea any more": held("comment", refused_at=at),
    }.items():
        city.hide(what, make, page, [author], MODERATORS)


def _city_side_of_ideas(city, at, public):
    """What agents prepare about ideas, and a campaign that is not published."""
    city.hide(
        "internal note about an idea",
        lambda word: InternalNote.objects.create(idea=public, text=word, written_at=at),
        staff=WORKERS,
    )

    def study(word):
        row = Study.objects.create(
            idea=f.make_idea(campaign=public.campaign, stage="study"),
            opened_at=at,
            ground="La plus soutenue.",
        )
        around_study(row, word, at)
        return row

    running = city.hide("study that goes on", study, staff=BOX)
    city.hide(
        "synthesis of a study",
        lambda word: Study.objects.filter(pk=running.pk).update(synthesis=word),
        staff=WORKERS,
    )

    def draft(word):
        row = f.make_campaign(published_at=None, thresholds=((9, word),))
        fill(row.thresholds.get(), word)
        return fill(row, word)

    city.hide("draft of a campaign of ideas", draft, page_of, staff=BOX | holding("ideas.change_campaign"))


def _beside_ideas(city, at, public):
    """Changes that others propose and news of authors: public, then not; read first; beside an idea that is gone."""
    author = public.author
    change = f.make_amendment(idea=public, author=author_of(city, "draft of a contribution"), reason="Un toit de plus.")
    city.desks += [said_hiding.address(change), page_of(public), reverse("ideas:carrying")]
    f.make_author_news(idea=f.make_idea(campaign=public.campaign, author=author), body="Nous étions vingt.")
    gone = f.make_idea(campaign=public.campaign, hidden_at=at, hidden_reason="3.2")
    states = {
        "withdrawn {}": {"released_at": at, "withdrawn_at": at},
        "hidden {}": {"released_at": at, "hidden_at": at},
        "{} that waits": {"cause": "held"},
        "refused {}": {"cause": "held", "refused_at": at, "refused_clause": "3.2"},
        "{} beside a hidden idea": {"released_at": at, "idea": gone},
    }
    for state, fields in states.items():
        for what, model in {"change of an idea": Amendment, "news of an author": AuthorNews}.items():
            values = {"idea": public, "author": author, "submitted_at": at, **fields}
            city.hide(
                state.format(what),
                lambda word, model=model, values=values: model.objects.create(**{**filled(model, word), **values}),
                said_hiding.address,
                [] if "idea" in fields else [author],
                MODERATORS if "cause" in fields else NOBODY,
            )

    def set_aside(word):
        person = f.make_resident(public_name="Charlie Retenue")
        f.make_amendment(idea=public, author=person, reason=word)
        with transaction.atomic():
            said_hiding.set_aside(person)

    city.hide("change proposed by a person whose data are set aside", set_aside)
    city.hide(
        "name of somebody who signs an idea by district and gives news of it",
        lambda word: f.make_author_news(
            idea=f.make_idea(
                campaign=public.campaign, author=f.make_resident(public_name=f"Nom {word}"), signature="district"
            )
        ),
        staff=PEOPLE,
    )


def _gathered_ideas(city, at, public):
    """Proposals to gather, known to those they concern; ideas that moderation hid since, gathered or gathering others."""
    first, second = public.author, f.make_resident(public_name="Noa Voisin")
    supporter = author_of(city, "draft of a contribution")

    def pair(**fields):
        return [f.make_idea(campaign=public.campaign, author=person, **fields) for person in (first, second)]

    def proposed(**fields):
        def make(word):
            made = fill(f.make_gathering(ideas=pair()), word)
            Gathering.objects.filter(pk=made.pk).update(**fields)
            return made

        return make

    waiting = city.hide("proposal to gather", proposed(), page_of, [first, second], GATHERERS)
    city.desks.append(waiting.get_absolute_url())
    held = {"released_at": None, "cause": "held"}
    city.hide("proposal to gather that waits", proposed(**held), page_of, [first], GATHERERS | MODERATORS)
    refused = {**held, "refused_at": at, "refused_clause": "3.2", "ended_at": at, "end": "refused"}
    city.hide("refused proposal to gather", proposed(**refused), page_of, [first], GATHERERS | MODERATORS)

    def gathers(word):
        made = f.gather(*pair(), title=f"Titre {word}", need=word, proposal=word)
        f.make_support(idea=made.members.earliest("pk").idea, user=supporter)
        Idea.objects.filter(pk=made.parent_id).update(hidden_at=at, hidden_reason="3.2")
        return made.parent

    city.hide("hidden idea that gathers others", gathers, page_of, [first])

    def gathered(word):
        words = {"title": f"Titre {word}", "need": word, "need_html": f"<p>{word}</p>"}
        ideas = [f.make_idea(campaign=public.campaign, author=second, **words), pair()[0]]
        f.make_support(idea=ideas[1], user=supporter)
        f.gather(*ideas)
        Idea.objects.filter(pk=ideas[0].pk).update(hidden_at=at, hidden_reason="3.2")
        return ideas[0]

    city.hide("hidden idea that others are gathered with", gathered, page_of, [second])

    def carried(word):
        person = f.make_resident(public_name=f"Nom {word}")
        ideas = pair()
        f.make_support(idea=ideas[1], user=person)
        f.make_support(idea=ideas[1], user=supporter)
        made = f.gather(*ideas)
        city.desks.append(made.get_absolute_url())
        gathering.carry(actor=person, gathering=made, is_yes=True, at=at)

    city.hide("name of somebody whose support counts for the idea that gathers", carried, staff=PEOPLE)


def _signing_ideas(city, at, public):
    """Those who are asked to sign an idea with its author: known by an address, to the author alone."""
    city.hide(
        "address of somebody who is asked to sign an idea",
        lambda word: CoAuthor.objects.create(idea=public, email=f"{word}@example.org", invited_at=at, sent=1),
        lambda made: reverse("ideas:coauthors", args=[made.idea.reference]),
        [public.author],
    )

    def set_aside(word):
        person = f.make_resident(public_name=f"Nom {word}", limited_since=at)
        CoAuthor.objects.create(idea=public, user=person, state="accepted", invited_at=at, sent=1, answered_at=at)

    city.hide("name of a co-author whose data are set aside", set_aside, staff=PEOPLE)


def _sealed(city, open_one):
    """Answers before their day, and words that are for agents only."""
    person = f.make_resident()
    running = make_questionnaire(consultation=open_one, closes=10)
    question = add_question(running, "text", label="Pourquoi ?")
    city.hide(
        "free text of a running questionnaire",
        lambda word: make_response(running, Answer(question=question, text=f"Parce que {word}")),
        lambda _made: questionnaire_url(running, "results"),
        staff=ASKERS,
    )
    city.hide(
        "answers that were not sent",
        lambda word: make_response(
            running, user=person, submitted_at=None, draft={str(question.pk): word}, before=[{"texte": word}]
        ),
        staff=NOBODY,
    )
    over = make_questionnaire(consultation=open_one, opens=-20, closes=-2)
    question, upload = add_question(over, "text", label="Pourquoi ?"), add_question(over, "file", label="Photo")

    def answers(word):
        for number in range(8):
            made = make_response(over, Answer(question=question, text=f"Parce que {word} {number}"))
        ResponseFile.objects.create(
            response=made,
            question=upload,
            file=ContentFile(word.encode(), f"{word}.txt"),
            name=f"{word}.txt",
            content_type="text/plain",
            size=4,
        )

    city.hide("free text of a finished questionnaire", answers, staff=ASKERS)


def _people(city, at, open_one):
    """What a person never shows: their address, a name they did not sign with, what they were told, what was refused to them."""
    city.hide(
        "address of an author",
        lambda word: f.make_contribution(consultation=open_one, author=f.make_resident(email=f"{word}@example.org")),
    )
    city.hide(
        "name of somebody who signs by district",
        lambda word: f.make_contribution(
            consultation=open_one, author=f.make_resident(public_name=f"Nom {word}"), signature="district"
        ),
        staff=holding("accounts.view_user", "accounts.view_residency"),
    )
    city.hide(
        "name of somebody who wrote nothing",
        lambda word: f.make_resident(public_name=f"Nom {word}"),
        staff=holding("accounts.view_user", "accounts.view_residency"),
    )

    def named(word):
        person = f.make_resident(public_name=f"Nom {word}")
        f.make_contribution(consultation=open_one, author=person)
        deciding.take_away(person)

    city.hide("name taken away by moderation", named, staff=MODERATORS | holding("accounts.view_user"))
    person = f.make_resident()

    def residency(word):
        row = Residency.objects.get(user=person)
        return fill(row, word, but=["document"])

    city.hide(
        "why a residence was not verified",
        residency,
        lambda _row: reverse("accounts:residency"),
        staff=holding("accounts.view_residency"),
    )

    def notification(word):
        row = Notification.objects.create(
            user=person, kind="consultations.replies", about=open_one.topic, created_at=at, once_key=word
        )
        return fill(row, word)

    city.hide("notification of somebody else", notification)

    def mail(word):
        return OutboundMail.objects.create(
            user=person, kind="test", to="x@example.org", subject="x", text=word, html=word, send_after=at
        )

    kept = city.hide("text of a mail", mail)
    city.hide(
        "subject of a mail, and why it failed",
        lambda word: OutboundMail.objects.filter(pk=kept.pk).update(subject=word, last_error=word),
        staff=holding("notifications.view_outboundmail"),
    )
    city.hide(
        "to whom a mail goes",
        lambda word: OutboundMail.objects.filter(pk=kept.pk).update(
            to=f"{word}@example.org", headers={"List-Unsubscribe": word}
        ),
    )
    city.hide(
        "state of an address",
        lambda word: fill(
            AddressState.objects.create(address="x@example.org", reported_by="smtp", updated_at=at), word
        ),
        staff=holding("notifications.view_addressstate"),
    )
    city.hide(
        "description of an accessibility fault",
        lambda word: fill(
            AccessibilityFault.objects.create(received_at=at, due_at=at + dt.timedelta(days=7)),
            word,
            but=["answer", "page"],
        ),
        lambda row: reverse("transparency:fault", args=[row.reference]),
        staff=holding("transparency.view_accessibilityfault"),
    )


def _rights(city, at):
    """Requests about data, limitations, breaches, archives to destroy."""
    person, other = f.make_resident(), f.make_resident()
    day = at.date()
    common = {"kind": "access", "asked_at": at, "received_at": at, "due_on": day, "identity": "account"}

    def request(word):
        row = DataRequest.objects.create(
            **common, user=person, extended_at=at, extension_reason="x", answered_at=at, outcome="done"
        )
        return fill(row, word)

    city.hide(
        "request about data, and its answer",
        request,
        lambda _row: reverse("privacy:own_requests"),
        [person],
    )
    city.hide(
        "request of somebody without an account",
        lambda word: fill(DataRequest.objects.create(**common), word, but=["extension_reason"]),
        lambda row: reverse("privacy:request", args=[row.reference]),
    )
    city.hide(
        "why data are set aside",
        lambda word: fill(
            Limitation.objects.create(user=other, reason="x", since=at, lifted_at=at, lifted_reason="x"), word
        ),
        staff=KEEPERS,
    )
    city.hide(
        "who looked at the data of somebody, and why",
        lambda word: fill(AccessLog.objects.create(person=person, category="EMAIL", at=at), word),
        lambda _row: reverse("privacy:own_accesses"),
        [person],
    )
    city.hide(
        "breach of data",
        lambda word: fill(
            Breach.objects.create(discovered_at=at, recorded_at=at, due_at=at + dt.timedelta(hours=72)),
            word,
            but=["delay_reason"],
        ),
        staff=KEEPERS,
    )

    def elimination(word):
        row = EliminationProposal.objects.create(
            category="consultations.notes",
            source="x",
            state="approved",
            proposed_at=at,
            visa_by="x",
            visa_on=day,
            visa_reference="x",
            visa_file=ContentFile(word.encode(), "visa.txt"),
        )
        fill(row, word)
        fill(EliminationLine.objects.create(proposal=row, label="x", last_on=day, rows=1), word)

    city.hide("archives to destroy", elimination, staff=KEEPERS)


def _archived(city, at):
    """A package of an archived consultation, made before a text of it was taken away: it is not given any more, or made again."""
    row = f.make_consultation(phase="follow", archived_at=at, title="Une place d’hier")
    f.make_contribution(consultation=row)
    author = f.make_resident()
    gone = city.hide(
        "contribution hidden since the package was made",
        lambda word: fill(f.make_contribution(consultation=row, author=author), word, but=["hidden_reason"]),
        page_of,
        [author],
        VOICES,
    )
    word, kept = city.secrets[-1].word, io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("contributions/1.html", word)
    ArchivePackage.objects.create(
        consultation=row,
        version=1,
        state="ready",
        file=ContentFile(kept.getvalue(), "v1.zip"),
        sha256="0" * 64,
        content_print=archiving.content_print(row),
        asked_at=at,
        made_at=at,
    )
    opendata.publish()
    deciding.hide(gone)
    learn_words()


def _followers(city, at):
    """People who follow everything, for whom lines about what is hidden wait since before it was."""
    topics = [row.topic for row in (city.base.open, city.base.over)]
    topics += [
        f"theme:{city.base.open.theme.slug}",
        *(f"district:{row.slug}" for row in District.objects.order_by("pk")),
    ]
    hidden = Contribution.objects.exclude(hidden_at=None).order_by("pk")
    comments = Comment.objects.exclude(hidden_at=None).order_by("pk")
    for frequency in Frequency:
        person = f.make_resident(email=f"{frequency}@example.net")
        Subscription.objects.bulk_create([Subscription(user=person, topic=topic) for topic in topics])
        Preference.objects.bulk_create(
            [Preference(user=person, kind=kind.code, frequency=frequency) for kind in kinds_of_mails.chosen()]
        )
        if frequency in {Frequency.DAILY, Frequency.WEEKLY}:
            # One of them is about what everybody reads: that digest leaves.
            open_text = Contribution.objects.visible().filter(consultation=city.base.open).earliest("pk")
            Notification.objects.create(
                user=person,
                kind="consultations.replies",
                topic=topics[0],
                about=f"contribution:{open_text.reference}",
                subject_line="Un mot de plus",
                url="/",
                created_at=at - dt.timedelta(days=8),
                once_key=f"{frequency}:public",
                digest=frequency,
            )
            abouts = [f"contribution:{row.reference}" for row in hidden]
            abouts += [f"comment:{row.reference}" for row in comments]
            abouts += [f"idea:{row.reference}" for row in Idea.objects.exclude(hidden_at=None).order_by("pk")]
            abouts += [
                f"idea_amendment:{row.reference}" for row in Amendment.objects.exclude(hidden_at=None).order_by("pk")
            ]
            abouts += [
                f"idea_author_news:{row.reference}" for row in AuthorNews.objects.exclude(hidden_at=None).order_by("pk")
            ]
            abouts += [f"campaign:{row.slug}" for row in Campaign.objects.filter(published_at=None).order_by("pk")]
            Notification.objects.bulk_create(
                [
                    Notification(
                        user=person,
                        kind="consultations.replies",
                        topic=topics[0],
                        about=about,
                        subject_line=secret.word,
                        url="/",
                        created_at=at - dt.timedelta(days=8),
                        once_key=f"{frequency}:{about}",
                        digest=frequency,
                    )
                    for about, secret in zip(abouts, itertools.cycle(city.secrets))
                ]
            )
