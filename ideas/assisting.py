"""What agents write for those who take part without the web: an idea, a support taken or given back, a sheet of supports.

An idea written for somebody bears their district and the channel, or the public name they give; their account signs it when an agent
tied it to their identity. A support is the person's, whatever the channel. Rows are locked in the order of `actions`: the people,
the idea, its campaign, then the register.
"""

import datetime as dt
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import transaction
from django.db.models import Q

from accounts import rules as accounts_rules
from accounts.models import User
from ballots import assisting as ballots
from city.models import District, Theme
from desk import actions as desk
from desk import people
from desk import rules as desk_rules
from desk.models import Act, Assistance, Channel, Person, Receipt
from ideas import actions, coauthors, rules, supporting
from ideas.models import Campaign, CampaignVote, Idea, Photo, Stage, Support
from ideas.models.writing import SEARCH_CONFIG
from ideas.rows import stored
from moderation import marks
from moderation import rules as moderation
from mulhouse import charter
from mulhouse.errors import DomainError, Refusal, RefusedError, require
from mulhouse.markup import render_markdown
from mulhouse.typography import local_day
from mulhouse.uploads import CleanFile
from notifications import subscriptions
from transparency import register

AGENT = "agent"
# Forms received in time are entered some days after the last one for deposits (desk.rules.LATE_DAYS).
LATE_CHANNELS = frozenset({Channel.PAPER.value})
ASSISTED = (Channel.DESK.value, Channel.PAPER.value, Channel.PHONE.value)
MAX_LINES = 30


# --- What is open ----------------------------------------------------------------------------------------------------


def deposit_refusal(user: User, campaign: Campaign, *, channel: str, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may deposit an idea for somebody, which came by a channel."""
    if refusal := desk_rules.assist_refusal(user):
        return refusal
    refusal = rules.campaign_refusal(campaign, at=at)
    if refusal is not None and refusal.code == "closed" and channel in LATE_CHANNELS:
        last = min(
            (campaign.closes_on or local_day(at)) + dt.timedelta(days=desk_rules.LATE_DAYS),
            campaign.supports_end_on or dt.date.max,
        )
        return None if local_day(at) <= last else refusal
    return refusal


def gathers(campaign: Campaign, *, at: dt.datetime) -> bool:
    """Tell whether ideas of a campaign may take supports that day."""
    today = local_day(at)
    return (
        campaign.published_at is not None
        and campaign.opens_on <= today
        and (campaign.supports_end_on is None or today <= campaign.supports_end_on)
    )


def open_votes(campaign: Campaign, *, at: dt.datetime) -> list[CampaignVote]:
    """List the votes of a campaign in which one can vote that day."""
    rows = CampaignVote.objects.running(on=local_day(at)).filter(campaign=campaign)
    return list(rows.select_related("votation").order_by("pk"))


def opening_refusal(user: User, campaign: Campaign, *, channel: str, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may begin to write for somebody: to deposit an idea, to support one, or to be given a paper ballot."""
    refusal = deposit_refusal(user, campaign, channel=channel, at=at)
    if refusal is None or refusal.code == "not_allowed":
        return refusal
    if gathers(campaign, at=at):
        return None
    if open_votes(campaign, at=at):
        return ballots.phone_refusal(channel)
    return refusal


def kinds(user: User, campaign: Campaign, *, at: dt.datetime) -> list[Act]:
    """Give what an agent may write for somebody here now: what the person agrees to depends on it."""
    is_open = {
        Act.IDEA: deposit_refusal(user, campaign, channel=Channel.PAPER, at=at) is None,
        Act.SUPPORT: gathers(campaign, at=at),
        Act.VOTE: bool(open_votes(campaign, at=at)),
    }
    return [kind for kind, holds in is_open.items() if holds]


def found(campaign: Campaign, words: str, *, at: dt.datetime, most: int) -> list[Idea]:
    """Find the ideas of a campaign that somebody may support: by reference or by their words, the latest without any."""
    rows = Idea.objects.visible().filter(campaign=campaign, stage=Stage.SUPPORT, supports_until__gte=local_day(at))
    named = Q(reference=words.upper())
    titled = Q(search=SearchQuery(words, config=SEARCH_CONFIG, search_type="websearch"))
    kept = rows.filter(named | titled) if words else rows
    return list(kept.only("reference", "title", "published_at").order_by("-published_at", "-pk")[:most])


# --- An idea ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """An idea as an agent types it; `public_name` "" for one that the district signs."""

    title: str
    need: str
    proposal: str
    theme: Theme
    beneficiaries: str = ""
    cost: str = ""
    place: str = ""
    place_district: District | None = None
    behalf: str = Idea.Behalf.ONESELF
    behalf_name: str = ""
    public_name: str = ""


TYPED = (
    "title",
    "need",
    "proposal",
    "theme",
    "beneficiaries",
    "cost",
    "place",
    "place_district",
    "behalf",
    "behalf_name",
)


@dataclass(frozen=True)
class Shown:
    """A photo that somebody gives with their idea, cleaned, and the words that stand for it."""

    upload: CleanFile
    alt: str
    is_decorative: bool


def deposit(
    *,
    actor: User,
    campaign: Campaign,
    assistance: Assistance,
    said: Said,
    at: dt.datetime,
    shown: Shown | None = None,
) -> tuple[Idea, Receipt]:
    """Publish an idea for somebody, and make their receipt. The account tied to their identity signs and follows it.

    The photo goes to the storage before the transaction, and is taken back when the idea is refused.

    Raises: RefusedError when the assistance is used, over or for something else, when the campaign takes nothing by this channel, or
    when the person does not meet what it asks, or for a photo that moderation took away from them; DomainError "said_already" for a
    paper that was just entered.
    Locks: the person, the assistance, the campaign.
    """
    photo = stored(shown.upload, alt=shown.alt, is_decorative=shown.is_decorative) if shown else None
    try:
        return _deposit(actor, campaign, assistance, said, shown, photo, at=at)
    except BaseException:
        if photo is not None:
            photo.file.delete(save=False)
        raise


@transaction.atomic(durable=True)
def _deposit(
    actor: User,
    campaign: Campaign,
    assistance: Assistance,
    said: Said,
    shown: Shown | None,
    photo: Photo | None,
    *,
    at: dt.datetime,
) -> tuple[Idea, Receipt]:
    held = desk.use(actor=actor, assistance=assistance, at=at, said=f"{said.title} {said.proposal}")
    require(_subject_refusal(held, campaign))
    require(deposit_refusal(actor, campaign, channel=held.channel, at=at))
    require(_place_refusal(held, campaign, at=at))
    author = _account(held.person, at=at)
    if author is not None and shown is not None:
        require(moderation.file_refusal(author, actions.PHOTO_KIND, marks.of_file(shown.upload.content)))
    idea = Idea.objects.create(
        campaign=campaign,
        author=author,
        author_label=said.public_name,
        signature=Idea.Signature.NAME if said.public_name else Idea.Signature.DISTRICT,
        district=held.district,
        channel=held.channel,
        need_html=render_markdown(said.need),
        proposal_html=render_markdown(said.proposal),
        charter_version=charter.CURRENT.number,
        submitted_at=at,
        **{name: getattr(said, name) for name in TYPED},
    )
    if photo is not None:
        photo.idea, photo.position = idea, 1
        photo.save()
    actions.make_public(idea=idea, at=at)
    if author is not None:
        subscriptions.add(author, idea.topic)
    receipt = desk.issue_receipt(
        act=Act.IDEA,
        channel=held.channel,
        topic=campaign.topic,
        title=campaign.title,
        path=idea.get_absolute_url(),
        reference=idea.reference,
    )
    facts = {"campagne": campaign.slug, "canal": held.channel, "charte": idea.charter_version}
    register.record("idea.assisted", role=AGENT, subject=idea.reference, facts=facts, actor=actor)
    return idea, receipt


def _account(person: Person, *, at: dt.datetime) -> User | None:
    """Give the open account tied to a person, unless moderation suspended it or its data is set aside: it signs nothing then."""
    user = person.user
    if user is None or not user.is_active or accounts_rules.publishing_refusal(user, at=at):
        return None
    return user


def _subject_refusal(assistance: Assistance, campaign: Campaign) -> Refusal | None:
    if assistance.topic != campaign.topic:
        return Refusal("other_subject", "Cette saisie a été ouverte pour une autre campagne.")
    return None


def _place_refusal(assistance: Assistance, campaign: Campaign, *, at: dt.datetime) -> Refusal | None:
    return desk_rules.place_refusal(
        assistance, residency_level=campaign.residency_level, minimum_age=campaign.minimum_age, at=at
    )


@transaction.atomic(durable=True)
def withdraw(*, actor: User, receipt: Receipt, at: dt.datetime) -> Idea:
    """Take back what was written for somebody who asks for it with their receipt; repeating it is no error.

    Raises: RefusedError without the permission, or once the city studies the idea; DomainError "no_idea" when the receipt leads to none.
    Locks: the idea, its campaign.
    """
    require(desk_rules.assist_refusal(actor))
    found = Idea.objects.filter(reference=receipt.reference, channel__in=ASSISTED).first()
    if found is None or receipt.act != Act.IDEA:
        raise DomainError("no_idea", "Ce reçu ne mène pas à une idée qui puisse être retirée.")
    held = actions.locked(found)
    if held.withdrawn_at is None:
        require(rules.leaving_refusal(held))
        actions.take_back(idea=held, at=at)
        facts = {"campagne": held.campaign.slug, "demande": "de la personne, avec son reçu"}
        register.record("idea.withdrawn", role=AGENT, subject=held.reference, facts=facts, actor=actor)
    return held


# --- A support ---------------------------------------------------------------------------------------------------------


def support_refusal(assistance: Assistance, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody an agent writes for may support an idea (the idea with its campaign), but for who they are."""
    return (
        _subject_refusal(assistance, idea.campaign)
        or rules.supporting_refusal(idea, at=at)
        or _place_refusal(assistance, idea.campaign, at=at)
    )


@transaction.atomic(durable=True)
def support(*, actor: User, idea: Idea, assistance: Assistance, at: dt.datetime) -> Receipt:
    """Count somebody's support once, whatever the channel, and make their receipt: an agent never learns that they had given it.

    Raises: RefusedError as `deposit`, or "own" for who signs the idea.
    Locks: the person, the assistance, the idea.
    """
    held = desk.use(actor=actor, assistance=assistance, at=at)
    require(support_refusal(held, idea, at=at))
    if coauthors.signs(held.person, idea):
        raise RefusedError(
            Refusal("own", "Cette personne signe l’idée\u00a0: ce sont les autres habitants qui la soutiennent.")
        )
    is_verified = held.is_residence_checked or _is_verified(held.person, at=at)
    supporting.add(idea=idea, person=held.person, channel=held.channel, is_verified=is_verified, at=at)
    return desk.issue_receipt(
        act=Act.SUPPORT,
        channel=held.channel,
        topic=idea.campaign.topic,
        title=idea.title,
        path=idea.get_absolute_url(),
    )


def _is_verified(person: Person, *, at: dt.datetime) -> bool:
    """Tell whether the account tied to somebody has a residence that an agent verified."""
    return person.user is not None and accounts_rules.residency_refusal(person.user, "verified", at=at) is None


@transaction.atomic(durable=True)
def take_support_back(*, actor: User, idea: Idea, assistance: Assistance, at: dt.datetime) -> None:
    """Withdraw the support of somebody who asks for it, if they gave one: an agent does not learn whether they had.

    Raises: RefusedError as `support`, but for what the campaign asks of a person.
    Locks: the person, the assistance, the idea.
    """
    held = desk.use(actor=actor, assistance=assistance, at=at)
    require(_subject_refusal(held, idea.campaign))
    kept = actions.locked(idea)
    require(rules.supporting_refusal(kept, at=at))
    if supporting.take_away(kept, Support.objects.filter(person=held.person)):
        register.record("idea.unsupported", role=AGENT, subject=kept.campaign.slug)


# --- A sheet signed by several people ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signed:
    """Somebody who signed a sheet: their fingerprint, what was checked of them; no name comes here."""

    fingerprint: str
    birth_year: int
    district: District | None


@dataclass(frozen=True)
class Entered:
    """What a sheet gave: its lines, and how many count for the first time. Nobody is told which."""

    lines: int
    counted: int

    @property
    def known(self) -> int:
        """How many do not count once more: twice on the sheet, a support given elsewhere, or somebody who signs the idea."""
        return self.lines - self.counted


def sheet_refusal(user: User, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may enter a sheet of supports of an idea (the idea with its campaign): no residence is verified on paper."""
    if refusal := desk_rules.assist_refusal(user) or rules.supporting_refusal(idea, at=at):
        return refusal
    if idea.campaign.residency_level == "verified":
        return Refusal(
            "residency_unverified",
            "Cette campagne demande une résidence vérifiée\u00a0: chaque personne soutient l’idée au guichet, avec un justificatif.",
        )
    return None


def line_refusal(signed: Signed, campaign: Campaign, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody on a sheet meets what a campaign asks: where they live, how old they are."""
    stands = Assistance(district=signed.district, birth_year=signed.birth_year, is_residence_checked=False)
    return _place_refusal(stands, campaign, at=at)


@transaction.atomic(durable=True)
def enter_sheet(*, actor: User, idea: Idea, lines: Sequence[Signed], at: dt.datetime) -> Entered:
    """Count the supports of a signed sheet, all or none, each person once; the same sheet again counts nobody twice.

    Raises: RefusedError; DomainError "no_line" or "too_many".
    Locks: the people, in one order so that two sheets never wait for each other; the idea.
    """
    require(sheet_refusal(actor, idea, at=at))
    if not lines:
        raise DomainError("no_line", "Écrivez au moins une ligne.")
    if len(lines) > MAX_LINES:
        raise DomainError("too_many", f"{MAX_LINES} lignes au plus pour une feuille.")
    for line in lines:
        require(line_refusal(line, idea.campaign, at=at))
    on_sheet = _held({line.fingerprint for line in lines})
    kept = actions.locked(idea)
    counted = sum(
        supporting.add(idea=kept, person=person, channel=Channel.PAPER, is_verified=_is_verified(person, at=at), at=at)
        for person in on_sheet
        if not coauthors.signs(person, kept)
    )
    facts: dict[str, Any] = {"campagne": kept.campaign.slug, "lignes": len(lines), "comptees": counted}
    register.record("idea.sheet_entered", role=AGENT, subject=kept.reference, facts=facts, actor=actor)
    return Entered(len(lines), counted)


def _held(fingerprints: AbstractSet[str]) -> list[Person]:
    """Give the people of a sheet, all of them held before the idea: whoever supports it on the web holds themselves, then waits for it.

    Locks: them, by their keys. One who becomes another person meanwhile (`desk.merging`) is looked for again.
    """
    rows = Person.objects.select_for_update(of=("self",), no_key=True).select_related("user").order_by("pk")
    found: dict[str | None, Person] = {}
    while missing := fingerprints - found.keys():
        for fingerprint in sorted(missing):
            people.of_identity(fingerprint)
        found |= {row.identity_hash: row for row in rows.filter(identity_hash__in=missing)}
    return list(found.values())
