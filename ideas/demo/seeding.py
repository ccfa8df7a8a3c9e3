"""Writing the idea box of the demonstration whole, once: in bulk, but for what the person one enters as did by the actions."""

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from accounts import demo as accounts
from accounts import rules as accounts_rules
from accounts.models import User
from city.models import District, Service, Theme
from desk.models import Person
from ideas import clocks, heat, realism, supporting, talking
from ideas.demo import polls
from ideas.models import (
    Answer,
    Campaign,
    CarryAnswer,
    Comment,
    Criterion,
    Event,
    GatheredIdea,
    Gathering,
    Idea,
    Milestone,
    Reaction,
    Reading,
    Stage,
    Study,
    StudyPart,
    Support,
    Threshold,
    ThresholdPassing,
)
from ideas.models.studies import CriterionCode
from ideas.models.writing import ANSWERED
from mulhouse import charter
from mulhouse.markup import render_markdown
from mulhouse.workdays import PARIS
from notifications.models import Subscription
from transparency import register

CONTENT = Path(__file__).parent / "content"
# What the person one enters as did: the ideas they support, and what they said of one.
SUPPORTED = ("Des bancs à l’ombre", "Ouvrir les cours", "Des fontaines d’eau")
SAID = ("Ouvrir les cours", "DEMO4BZX", "La cour de la rue de mon enfance était le jardin de tout le monde. Essayons.")
READ_AFTER = dt.timedelta(days=7)
STUDIED_IN = dt.timedelta(days=50)
RECENT = dt.timedelta(days=12)
FOLLOWERS = 6

Words = Mapping[str, Any]


def is_seeded() -> bool:
    """Tell whether a former run wrote it."""
    return Idea.objects.filter(source_key__startswith="demo:").exists()


def seed(*, at: dt.datetime) -> bool:
    """Write what is missing; tell whether anything was written."""
    if is_seeded():
        return False
    said = tomllib.loads((CONTENT / "ideas.toml").read_text(encoding="utf-8"))
    voters = _write(said, at)
    _act(at)
    campaign = Campaign.objects.get(slug=said["edition"]["slug"])
    polls.play(said["vote"], campaign=campaign, voters=voters, at=at)
    return True


@dataclass(frozen=True)
class Cast:
    """Who takes part: people with a public name, everybody with whether their residence is verified, and the person one enters as."""

    writers: Sequence[User]
    people: Sequence[tuple[Person, bool]]
    resident: User


@transaction.atomic(durable=True)
def _write(said: Words, at: dt.datetime) -> list[User]:
    """Write both campaigns with all that happened in them; give who may vote. Locks: one run of the demonstration at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('demo', 0))")
    cast = _cast(at)
    campaigns = {is_edition: _campaign(said["edition" if is_edition else "box"], at) for is_edition in (False, True)}
    staging = Staging(cast, at)
    for number, words in enumerate(said["ideas"], start=1):
        staging.idea(number, words, campaigns[words.get("edition", False)])
    staging.write()
    for words in said["gatherings"]:
        staging.gather(words)
    for campaign in campaigns.values():
        count = campaign.ideas.count()
        Campaign.objects.filter(pk=campaign.pk).update(idea_count=count)
        register.record("idea.demo", role="système", subject=campaign.slug, facts={"idees": count})
    return [person.user for person, _is_verified in cast.people if person.user]


def _cast(at: dt.datetime) -> Cast:
    """Give the invented people that are there; whoever never took part becomes somebody who can be counted."""
    users = list(User.objects.filter(is_staff=False, is_active=True, district__isnull=False).order_by("pk"))
    known = dict(Person.objects.filter(user__in=users).values_list("user_id", "pk"))
    Person.objects.bulk_create(Person(user=user) for user in users if user.pk not in known)
    people = Person.objects.filter(user__in=users).select_related("user").order_by("user_id")
    verified = set(
        User.objects.filter(residencies__ended_on__isnull=True, residencies__verified_on__isnull=False).values_list(
            "pk", flat=True
        )
    )
    resident = User.objects.get(
        email__in=[one.email for one in accounts.demo_accounts() if one.role == accounts.RESIDENT]
    )
    return Cast(
        writers=[user for user in users if user.public_name and user != resident],
        people=[(person, person.user_id in verified) for person in people if person.user_id != resident.pk],
        resident=resident,
    )


def _campaign(words: Words, at: dt.datetime) -> Campaign:
    """Write a campaign and its thresholds, then publish it: its rules are frozen from then on."""
    today = at.astimezone(PARIS).date()
    opens_on = today - dt.timedelta(days=words["opens"])
    fields: dict[str, Any] = {name: words[name] for name in ("slug", "kind", "title", "summary")}
    if "closes" in words:
        fields["closes_on"] = today - dt.timedelta(days=words["closes"])
        fields["supports_end_on"] = today - dt.timedelta(days=words["supports_end"])
        fields["budget_cents"] = 100 * words["budget_euros"]
    else:
        fields["support_days"] = words["support_days"]
    campaign = Campaign.objects.create(opens_on=opens_on, **fields)
    Threshold.objects.bulk_create(
        Threshold(campaign=campaign, supports=supports, name=name, promise=promise, opens_study=bool(study))
        for supports, name, promise, *study in words["thresholds"]
    )
    campaign.published_at = dt.datetime.combine(opens_on, dt.time(9), tzinfo=PARIS)
    campaign.save(update_fields=["published_at", "updated_at"])
    return campaign


class Staging:
    """Gives each idea its people and its days, then writes the rows of all of them together."""

    def __init__(self, cast: Cast, at: dt.datetime) -> None:
        self.cast, self.at = cast, at
        self.themes = {theme.slug: theme for theme in Theme.objects.order_by("pk")}
        self.districts = {district.name: district for district in District.objects.order_by("pk")}
        self.services = {service.slug: service for service in Service.objects.order_by("pk")}
        self.reasons = tomllib.loads((CONTENT / "reasons.toml").read_text(encoding="utf-8"))
        self.rows: list[tuple[Idea, Words, Random]] = []
        # When each idea that reached the threshold of the study did.
        self.passed: dict[int, dt.datetime] = {}

    def idea(self, number: int, words: Words, campaign: Campaign) -> None:
        """Make an idea, with its counters still to come."""
        chance = Random(f"idea:{number}")  # noqa: S311 (a demonstration)
        published_at = min(self._ago(words["days"]), self.at - dt.timedelta(hours=2))
        author = self.cast.resident if words.get("author") == "resident" else chance.choice(self.cast.writers)
        stage = words.get("stage", Stage.SUPPORT.value)
        supports_until = campaign.supports_until(published_at.astimezone(PARIS).date())
        self.rows.append(
            (
                Idea(
                    source_key=f"demo:{number}",
                    campaign=campaign,
                    author=author,
                    district=author.district,
                    signature=words.get("signature", Idea.Signature.NAME),
                    behalf=Idea.Behalf.ASSOCIATION if "behalf" in words else Idea.Behalf.ONESELF,
                    behalf_name=words.get("behalf", ""),
                    title=words["title"],
                    need=words["need"],
                    need_html=render_markdown(words["need"]),
                    proposal=words["proposal"],
                    proposal_html=render_markdown(words["proposal"]),
                    theme=self.themes[words["theme"]],
                    place=words.get("place", ""),
                    place_district=self.districts[words["district"]] if "district" in words else None,
                    cost=words.get("cost", ""),
                    charter_version=charter.CURRENT.number
                    if published_at.date() >= charter.CURRENT.in_force_on
                    else "",
                    submitted_at=published_at,
                    published_at=published_at,
                    stage=stage,
                    stage_at=self._stage_at(words, stage, published_at, supports_until),
                    supports_until=supports_until,
                    verified_only=campaign.verified_only,
                ),
                words,
                chance,
            )
        )

    def write(self) -> None:
        """Write everything: the ideas, what people did of them, what the city did of them."""
        Idea.objects.bulk_create(idea for idea, _, _ in self.rows)
        # The two dates that Django fills by itself.
        Idea.objects.filter(pk__in=[idea.pk for idea, _, _ in self.rows]).update(
            created_at=F("published_at"), saved_at=F("published_at")
        )
        self._supports()
        self._comments()
        for idea, words, chance in self.rows:
            self._read(idea, words, chance)
            self._study(idea, words)
            self._answer(idea, words)
            self._realise(idea, words)

    def _ago(self, days: int) -> dt.datetime:
        return self.at - dt.timedelta(days=days)

    def _stage_at(self, words: Words, stage: str, published_at: dt.datetime, supports_until: dt.date) -> dt.datetime:
        if stage == Stage.EXPIRED:
            return dt.datetime.combine(supports_until + dt.timedelta(days=1), dt.time(0, 20), tzinfo=PARIS)
        if "since" in words:
            return self._ago(words["since"])
        done = [done for _, _, done in words.get("steps", ()) if done]
        return self._ago(min(done)) if done else published_at

    # --- What people did ---------------------------------------------------------------------------------------------

    def _supports(self) -> None:
        supports: list[Support] = []
        passings: list[ThresholdPassing] = []
        followers: list[Subscription] = []
        thresholds: dict[int, list[Threshold]] = {}
        for threshold in Threshold.objects.order_by("supports"):
            thresholds.setdefault(threshold.campaign_id, []).append(threshold)
        for idea, words, chance in self.rows:
            days = self._days(idea, words["supports"], chance)
            given = [
                self._support(idea, day, who) for day, who in zip(days, self._who(idea, len(days), chance), strict=True)
            ]
            supports += given
            idea.verified_count = sum(one.is_verified for one in given)
            idea.declared_count = len(given) - idea.verified_count
            idea.heat = heat.of(days)
            goals = thresholds[idea.campaign_id]
            idea.next_supports = min((goal.supports for goal in goals if goal.supports > len(given)), default=None)
            passings += [
                ThresholdPassing(
                    idea=idea,
                    threshold=goal,
                    percent=percent,
                    passed_at=dt.datetime.combine(
                        days[-(-goal.supports * percent // 100) - 1], dt.time(12), tzinfo=PARIS
                    ),
                )
                for goal in goals
                for percent in ThresholdPassing.Percent.values
                if len(given) * 100 >= goal.supports * percent
            ]
            following = [idea.author, *(one.person.user for one in given[:FOLLOWERS] if one.person)]
            followers += [Subscription(user=user, topic=idea.topic) for user in following if user]
        Support.objects.bulk_create(supports, batch_size=1000)
        ThresholdPassing.objects.bulk_create(passings)
        for one in passings:
            if one.percent == ThresholdPassing.Percent.WHOLE:
                clocks.begin_threshold(idea=one.idea, threshold=one.threshold, at=one.passed_at)
                if one.idea.stage in ANSWERED and one.idea.stage_at is not None:
                    clocks.keep_threshold(
                        idea=one.idea, threshold=one.threshold, at=max(one.passed_at, one.idea.stage_at)
                    )
        self.passed = {
            one.idea_id: one.passed_at
            for one in passings
            if one.threshold.opens_study and one.percent == ThresholdPassing.Percent.WHOLE
        }
        Subscription.objects.bulk_create(followers, ignore_conflicts=True)
        Idea.objects.bulk_update(
            [idea for idea, _, _ in self.rows], ["verified_count", "declared_count", "heat", "next_supports"]
        )

    def _days(self, idea: Idea, number: int, chance: Random) -> list[dt.date]:
        """Spread supports from the day of the idea to its last one, more of them at the beginning."""
        assert idea.published_at is not None  # noqa: S101 (made so above)
        assert idea.supports_until is not None  # noqa: S101 (same)
        first = idea.published_at.astimezone(PARIS).date()
        last = min(idea.supports_until, self.at.astimezone(PARIS).date())
        if idea.stage not in {Stage.SUPPORT, Stage.EXPIRED} and idea.stage_at:
            last = min(last, max(first, (idea.stage_at - STUDIED_IN).date()))
        return sorted(first + (last - first) * chance.random() ** 1.6 for _ in range(number))

    def _who(self, idea: Idea, number: int, chance: Random) -> list[tuple[Person | None, bool]]:
        """Choose who supports; beyond the invented people, those whose account is closed since, whose support stays counted."""
        others = [one for one in self.cast.people if one[0].user_id != idea.author_id]
        chosen: list[tuple[Person | None, bool]] = [*chance.sample(others, min(number, len(others)))]
        return chosen + [(None, chance.random() < 0.6) for _ in range(number - len(chosen))]  # noqa: PLR2004 (more than half)

    def _support(self, idea: Idea, day: dt.date, who: tuple[Person | None, bool]) -> Support:
        person, is_verified = who
        return Support(idea=idea, person=person, is_verified=is_verified, supported_on=day)

    def _comments(self) -> None:
        comments: list[Comment] = []
        replies: list[tuple[Comment, str]] = []
        for idea, words, chance in self.rows:
            assert idea.published_at is not None  # noqa: S101 (made so above)
            others = [user for user in self.cast.writers if user.pk != idea.author_id]
            said = words.get("said", ())
            span = min(self.at - idea.published_at, dt.timedelta(days=20)) / (len(said) + 1)
            for rank, ((stance, text, *answer), writer) in enumerate(
                zip(said, chance.sample(others, len(said)), strict=True), start=1
            ):
                is_question = stance == "question"
                comment = Comment(
                    idea=idea,
                    author=writer,
                    stance=Comment.Stance.NEUTRAL if is_question else stance,
                    is_question=is_question,
                    body=text,
                    body_html=render_markdown(text),
                    published_at=idea.published_at + span * rank,
                    reply_count=len(answer),
                )
                comments.append(comment)
                replies += [(comment, one) for one in answer]
            stances = [stance for stance, *_ in said]
            idea.comment_count = len(said) + sum(len(one) - 2 for one in said)
            idea.for_count, idea.against_count = stances.count("for"), stances.count("against")
        Comment.objects.bulk_create(comments)
        Comment.objects.bulk_create(
            Comment(
                idea=comment.idea,
                parent=comment,
                author=comment.idea.author,
                body=text,
                body_html=render_markdown(text),
                published_at=comment.published_at + dt.timedelta(hours=1),
            )
            for comment, text in replies
        )
        Idea.objects.bulk_update([idea for idea, _, _ in self.rows], ["comment_count", "for_count", "against_count"])

    # --- What the city did -------------------------------------------------------------------------------------------

    def _read(self, idea: Idea, words: Words, chance: Random) -> None:
        """Write the first reading; promise one of the ideas that are recent."""
        assert idea.published_at is not None  # noqa: S101 (made so above)
        if "read" not in words:
            if idea.stage == Stage.SUPPORT and idea.published_at > self.at - RECENT:
                clocks.begin(clocks.READING, idea=idea, at=idea.published_at)
            return
        levels = dict(zip(CriterionCode.values, words["read"], strict=True))
        is_ours = levels[CriterionCode.POWERS] > realism.BEYOND_POWERS
        reading = Reading.objects.create(
            idea=idea,
            number=1,
            power=Reading.Power.CITY if is_ours else Reading.Power.AGGLOMERATION,
            handed_to="" if is_ours else words.get("handed", "L’agglomération"),
            score=realism.score(levels),
            published_at=min(idea.published_at + READ_AFTER + dt.timedelta(hours=chance.randint(1, 48)), self.at),
        )
        Criterion.objects.bulk_create(
            Criterion(reading=reading, code=code, level=level, reason=self.reasons[code][level])
            for code, level in levels.items()
        )
        Idea.objects.filter(pk=idea.pk).update(realism=reading.score)
        idea.realism = reading.score

    def _study(self, idea: Idea, words: Words) -> None:
        """Write the study: of an idea that waits, the first service has given its part."""
        if "services" not in words:
            if idea.stage == Stage.SUPPORT and idea.pk in self.passed:
                clocks.begin(clocks.ELIGIBLE, idea=idea, at=self.passed[idea.pk])
            return
        is_over = idea.stage != Stage.STUDY
        assert idea.stage_at is not None  # noqa: S101 (made so above)
        opened_at = idea.stage_at - STUDIED_IN if is_over else idea.stage_at
        study = Study.objects.create(
            idea=idea,
            opened_at=opened_at,
            ground=f"Première de la liste ce jour-là\u00a0: {words['supports']} soutiens, réalisme {idea.realism} sur 100.",
            closed_at=idea.stage_at if is_over else None,
        )
        StudyPart.objects.bulk_create(
            StudyPart(
                study=study,
                service=self.services[slug],
                asked_at=opened_at,
                **(self._part(idea, opened_at) if is_over or (rank == 0 and len(words["services"]) > 1) else {}),
            )
            for rank, slug in enumerate(words["services"])
        )
        clocks.begin(clocks.ELIGIBLE, idea=idea, at=min(opened_at, self.passed.get(idea.pk, opened_at)))
        clocks.keep(clocks.ELIGIBLE, idea=idea, at=opened_at)
        clocks.begin(clocks.STUDY, idea=idea, at=opened_at)
        if is_over:
            clocks.keep(clocks.STUDY, idea=idea, at=idea.stage_at)

    def _part(self, idea: Idea, opened_at: dt.datetime) -> dict[str, Any]:
        given: dict[str, Any] = {"given_at": min(opened_at + dt.timedelta(days=20), self.at), "delay_months": 8}
        if idea.stage in {Stage.DECLINED, Stage.TRANSFERRED}:
            return {**given, "feasibility": StudyPart.Feasibility.NO, "constraint": "La Ville ne décide pas seule."}
        if idea.stage == Stage.ALREADY:
            return {**given, "feasibility": StudyPart.Feasibility.YES, "delay_months": None}
        return {
            **given,
            "feasibility": StudyPart.Feasibility.IF,
            "condition": "Si l’on commence par un essai d’un an.",
            "cost_cents": 4_000_000,
        }

    def _answer(self, idea: Idea, words: Words) -> None:
        if "answer" not in words:
            return
        said = words["answer"]
        assert idea.published_at is not None  # noqa: S101 (made so above)
        published_at = self._ago(words["since"]) if "since" in words else idea.published_at + dt.timedelta(days=85)
        next_in = said.get("next_in")
        answer = Answer.objects.create(
            idea=idea,
            number=1,
            outcome=said["outcome"],
            reason=said["reason"],
            reason_html=render_markdown(said["reason"]),
            cost_cents=100 * said["cost_euros"] if "cost_euros" in said else None,
            next_step=said.get("next_step", ""),
            next_on=None if next_in is None else self.at.astimezone(PARIS).date() + dt.timedelta(days=next_in),
            handed_to=said.get("handed_to", ""),
            remedy=said.get("remedy", ""),
            signatory=said["signatory"],
            published_at=published_at,
            told_at=published_at,
        )
        if reaction := words.get("reaction"):
            Reaction.objects.create(
                answer=answer,
                author=idea.author,
                body=reaction["body"],
                body_html=render_markdown(reaction["body"]),
                published_at=published_at + dt.timedelta(days=2),
            )

    def _realise(self, idea: Idea, words: Words) -> None:
        """Write the stages, and the news that each was; nobody is told again of what happened before the demonstration."""
        today = self.at.astimezone(PARIS).date()
        events: list[Event] = []
        for step, planned, done in words.get("steps", ()):
            planned_on = today - dt.timedelta(days=planned)
            done_on = today - dt.timedelta(days=done) if done else None
            Milestone.objects.create(
                idea=idea, step=step, first_planned_on=planned_on, planned_on=planned_on, done_on=done_on
            )
            if done_on:
                events.append(self._event(idea, Event.Kind.STEP, done, step=step))
        events += [self._event(idea, Event.Kind.NEWS, ago, text=text) for ago, text in words.get("news", ())]
        for supports, ago, text in words.get("kept", ()):
            event = self._event(idea, Event.Kind.PROMISE, ago, text=text)
            event.threshold = Threshold.objects.get(campaign=idea.campaign_id, supports=supports)
            clocks.keep_threshold(idea=idea, threshold=event.threshold, at=event.published_at)
            events.append(event)
        if "abandoned" in words:
            ago, text = words["abandoned"]
            events.append(self._event(idea, Event.Kind.ABANDONED, ago, text=text))
        if events and "cost_euros" in words:
            events[0].budget_cents = 100 * words["cost_euros"]
        Event.objects.bulk_create(events)

    def gather(self, words: Words) -> None:
        """Write what the city gathered, as it stands once authors agreed and supporters answered."""
        chance = Random(words["title"])  # noqa: S311 (a demonstration)
        opened_at = self._ago(words["days"])
        opened_on = opened_at.astimezone(PARIS).date()
        originals = [idea for idea, _, _ in self.rows if idea.title in words["ideas"]]
        campaign, author = originals[0].campaign, originals[0].author
        text = {name: words[name] for name in ("title", "need", "proposal")}
        # Nobody supports an idea that they sign, nor one that gathers theirs.
        given = Support.objects.filter(idea__in=originals, person__isnull=False)
        given = given.exclude(person__user__in=[idea.author_id for idea in originals])
        carried = {one.person_id: one.is_verified for one in given.order_by("pk") if one.person_id}
        yes = chance.sample(sorted(carried), min(words["carried"], len(carried)))
        days = sorted(self._since(opened_on, chance) for _ in range(len(yes) + words["besides"]))
        verified = sum(carried[person] for person in yes)
        parent = Idea.objects.create(
            source_key=f"demo:{words['title']}"[:40],
            campaign=campaign,
            author=author,
            author_label=f"Réunit {len(originals)} idées",
            gathers=len(originals),
            **text,
            need_html=render_markdown(words["need"]),
            proposal_html=render_markdown(words["proposal"]),
            theme=originals[0].theme,
            charter_version=charter.CURRENT.number,
            submitted_at=opened_at,
            published_at=opened_at,
            stage_at=opened_at,
            supports_until=campaign.supports_until(opened_on),
            verified_count=verified,
            declared_count=len(days) - verified,
            heat=heat.of(days),
            next_supports=campaign.thresholds.filter(supports__gt=len(days)).values_list("supports", flat=True).first(),
        )
        supports = [
            Support(
                idea=parent,
                person_id=person,
                is_verified=person is not None and carried[person],
                supported_on=day,
            )
            for person, day in zip([*yes, *[None] * words["besides"]], days, strict=True)
        ]
        Support.objects.bulk_create(supports)
        gathering = Gathering.objects.create(
            campaign=campaign,
            parent=parent,
            is_of_city=True,
            **text,
            submitted_at=opened_at - dt.timedelta(days=3),
            released_at=opened_at - dt.timedelta(days=3),
            answers_until=opened_on + dt.timedelta(days=7),
            opened_at=opened_at,
            asked_at=opened_at,
        )
        GatheredIdea.objects.bulk_create(
            GatheredIdea(
                gathering=gathering,
                idea=idea,
                answer=GatheredIdea.Answer.YES,
                answered_at=opened_at - dt.timedelta(days=rank),
                stage_before=idea.stage,
            )
            for rank, idea in enumerate(originals)
        )
        CarryAnswer.objects.bulk_create(
            CarryAnswer(gathering=gathering, person_id=one.person_id, is_yes=True, support=one)
            for one in supports
            if one.person_id
        )
        Idea.objects.filter(pk__in=[idea.pk for idea in originals]).update(stage=Stage.GATHERED, stage_at=opened_at)

    def _since(self, first: dt.date, chance: Random) -> dt.date:
        return first + (self.at.astimezone(PARIS).date() - first) * chance.random()

    def _event(self, idea: Idea, kind: Event.Kind, ago: int, *, text: str = "", step: str = "") -> Event:
        at = self._ago(ago)
        return Event(
            idea=idea,
            kind=kind,
            step=step,
            happened_on=at.astimezone(PARIS).date(),
            text=text,
            text_html=render_markdown(text) if text else "",
            published_at=at,
            told_at=at,
        )


def _act(at: dt.datetime) -> None:
    """Have the person one enters as support three ideas, and say a word of one, as anybody does."""
    resident = User.objects.get(
        email__in=[one.email for one in accounts.demo_accounts() if one.role == accounts.RESIDENT]
    )
    if accounts_rules.residency_refusal(resident, "declared", at=at) is not None:
        return
    for title in SUPPORTED:
        supporting.support(actor=resident, idea=_titled(title), at=at)
    title, reference, body = SAID
    talking.comment(actor=resident, idea=_titled(title), reference=reference, stance="for", body=body, at=at)


def _titled(title: str) -> Idea:
    return (
        Idea.objects.visible().select_related("campaign").get(source_key__startswith="demo:", title__startswith=title)
    )
