"""Every declared act, done once by a person of its own, under words that nothing else holds; and who can be asked to read."""

import re
from dataclasses import dataclass, field

from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import User
from consultations import actions as consulting
from desk.models import Person
from ideas import actions as ideas
from ideas import coauthors, gathering, supporting, talking
from moderation import actions as moderation
from mulhouse import who_sees
from mulhouse.references import new_reference
from notifications import actions as notifying
from privacy import actions as rights
from questionnaires.models import Answer, ResponseFile
from tests import factories as f
from tests.ballots import votes
from tests.moderation import deciding
from tests.questionnaires import making
from tests.visibility import crawl
from transparency import actions as faults


@dataclass
class Done:
    """An act that was done: by whom, and the words to look for. `row` is what it left."""

    act: who_sees.Act
    actor: User
    name: str
    address: str
    words: str
    row: object = None
    more: dict = field(default_factory=dict)


class Town:
    """A consultation in which each act was done once, and who looks."""

    def __init__(self):
        self.at = timezone.now()
        self.consultation = f.make_consultation(title="La place de demain")
        self.neighbour = f.make_resident(public_name="Une Voisine")
        self.theirs = f.make_contribution(consultation=self.consultation, author=self.neighbour)
        self.campaign = f.make_campaign()
        self.their_idea = f.make_idea(campaign=self.campaign, author=self.neighbour)
        self.done = {}
        for number, act in enumerate(who_sees.acts(), start=1):
            token = f"zq{number:02}".__add__
            address = f"{token('adr')}xk@habitants.example"
            actor = f.make_resident(public_name=f"Camille {token('nom')}xk", email=address)
            done = Done(act=act, actor=actor, name=f"{token('nom')}xk", address=address, words=f"{token('mot')}xk")
            done.row = getattr(self, f"_{act.code}")(done)
            self.done[act.code] = done

    # --- Accounts ---

    def _sign_up(self, done):
        done.words = done.address
        return done.actor

    def _profile(self, done):
        accounts.update_profile(
            user=done.actor, public_name=f"Dom {done.words}", birth_year=1913, language="fr", scheme=""
        )
        f.make_comment(contribution=self.theirs, author=done.actor)
        done.name = done.words
        return done.actor

    def _residency_document(self, done):
        document = f"%PDF-1.4 {done.words} %%EOF".encode()
        return accounts.request_verification(user=done.actor, at=self.at, document=document, suffix=".pdf")

    # --- Consultations ---

    def _take_part(self, done):
        self._position(done)
        return self._contribution(done)

    def _contribution(self, done):
        words = consulting.Words(
            section=self.consultation.sections.first(),
            kind="opinion",
            title=f"Titre {done.words}",
            body=f"Corps {done.words}",
            signature="name",
        )
        draft = consulting.save_draft(
            actor=done.actor, consultation=self.consultation, reference=new_reference(), words=words
        )
        return consulting.publish(actor=done.actor, contribution=draft, at=self.at)

    def _open_data(self, done):
        return self._contribution(done)

    def _position(self, done):
        consulting.take_position(actor=done.actor, contribution=self.theirs, choice="disagree", at=self.at)

    def _comment(self, done):
        return consulting.comment(
            actor=done.actor,
            contribution=self.theirs,
            reference=new_reference(),
            stance="against",
            body=f"Mot {done.words}",
            at=self.at,
        )

    def _support(self, done):
        comment = f.make_comment(contribution=self.theirs, author=self.neighbour)
        consulting.support_comment(actor=done.actor, comment=comment, at=self.at)
        return comment

    # --- The idea box ---

    def _idea(self, done):
        words = ideas.Words(
            title=f"Titre {done.words}",
            need=f"Besoin {done.words}",
            proposal=f"Proposition {done.words}",
            signature="name",
            theme=f.make_theme(),
        )
        draft = ideas.save_draft(actor=done.actor, campaign=self.campaign, reference=new_reference(), words=words)
        return ideas.publish(actor=done.actor, idea=draft, at=self.at)

    def _idea_support(self, done):
        supporting.support(actor=done.actor, idea=self.their_idea, at=self.at, follow=True)

    def _idea_comment(self, done):
        return talking.comment(
            actor=done.actor,
            idea=self.their_idea,
            reference=new_reference(),
            stance="against",
            body=f"Mot {done.words}",
            at=self.at,
        )

    def _idea_gathering(self, done):
        originals = [f.make_idea(campaign=self.campaign, author=self.neighbour) for _ in range(2)]
        f.make_support(idea=originals[0], user=done.actor)
        made = f.gather(*originals)
        gathering.carry(actor=done.actor, gathering=made, is_yes=True, at=self.at)
        return made

    def _idea_amendment(self, done):
        return f.make_amendment(idea=self.their_idea, author=done.actor, reason=f"Parce que {done.words}")

    def _idea_news(self, done):
        idea = f.make_idea(author=done.actor)
        return f.make_author_news(idea=idea, body=f"Nous étions vingt, {done.words}.")

    # --- Signing an idea ---

    def _idea_co_author(self, done):
        idea = f.make_idea(author=self.neighbour)
        invitation = coauthors.invite(actor=self.neighbour, idea=idea, email=done.address, at=self.at)
        return coauthors.accept(actor=done.actor, invitation=invitation, at=self.at)

    # --- Other rooms ---

    def _report_fault(self, done):
        return faults.report_fault(
            page=f"/{done.words}/", description=done.words, email=done.address, language="fr", at=self.at
        )

    def _follow(self, done):
        notifying.follow(user=done.actor, topic=self.consultation.topic)

    def _data_request(self, done):
        return rights.ask(user=done.actor, kind="access", words=done.words, at=self.at)

    def _report(self, done):
        return moderation.report(
            reporter=done.actor,
            kind=deciding.kind_of(self.theirs),
            reference=self.theirs.reference,
            reason="insult",
            words=done.words,
            url=self.theirs.get_absolute_url(),
            name="",
            email="",
            fingerprint="",
            language="fr",
            at=self.at,
        )

    def _appeal(self, done):
        text = f.make_contribution(consultation=self.consultation, author=done.actor)
        decision = deciding.hide(text)
        return moderation.appeal(actor=done.actor, decision=decision, words=done.words, at=self.at)

    def _vote(self, done):
        link = votes.make_vote(consultation=self.consultation)
        votes.cast(link, [], voter=done.actor)
        return link

    def _answer(self, done):
        asked = making.make_questionnaire(consultation=self.consultation, opens=-20, closes=-2)
        text, joined = making.add_question(asked, "text"), making.add_question(asked, "file")
        for _other in range(8):
            making.make_response(asked, Answer(question=text, text="Autre"))
        answer = Answer(question=text, text=f"Libre {done.words}")
        response = making.make_response(asked, answer, person=Person.objects.create(user=done.actor))
        name = default_storage.save("questionnaires/plan.pdf", ContentFile(f"%PDF-1.7 {done.words}".encode()))
        done.more["file"] = ResponseFile.objects.create(
            response=response, question=joined, file=name, name="plan.pdf", content_type="application/pdf", size=8
        )
        return asked


# --- Who looks -----------------------------------------------------------------------------------------------------------


def with_role(code):
    """Somebody who holds one role of the city, as an administrator gives it."""
    user = f.make_staff()
    user.groups.set(Group.objects.filter(name=code))
    return user


def as_visitor():
    return crawl.crawl(Client())


def as_resident(user):
    return crawl.crawl(f.sign_in(Client(), user))


ADMIN_LINK = re.compile(r"""href=["'](/gestion/[^"'#]*|\?[^"'#]*)["']""")


def as_staff(code, most=700):
    """Open every page of the staff space that a role may open, by GET, as somebody who follows every link."""
    client = f.sign_in(Client(), with_role(code))
    waiting, known, read = ["/gestion/"], set(), {}
    while waiting:
        address = waiting.pop(0)
        response = client.get(address)
        text = crawl.text_of(response)
        read[address] = (response.status_code, text)
        assert len(read) < most, "the walk does not end"
        if response.status_code != 200:
            continue
        for link in ADMIN_LINK.findall(text):
            found = (address.partition("?")[0] + link if link.startswith("?") else link).replace("&amp;", "&")
            if crawl.shape(found) not in known:
                known.add(crawl.shape(found))
                waiting.append(found)
    return read


def where(read, word):
    """Give the addresses whose page holds a word that is not in the address itself."""
    return sorted(address for address, (_status, text) in read.items() if word in text and word not in address)
