"""What the resident of the demonstration follows and was told: in their account, by mail, and in a digest."""

import datetime as dt

from accounts import demo as accounts
from accounts.models import User
from city.models import District
from consultations import announcing
from consultations.models import Consultation
from notifications import actions, digests
from notifications.kinds import Frequency

OPENINGS = 4
REPLIES = 12
AN_HOUR = dt.timedelta(hours=1)


def play(*, at: dt.datetime) -> bool:
    """Follow a theme, a district and a consultation, tell what is new there, and send the digest of the day; once."""
    emails = [one.email for one in accounts.demo_accounts() if one.role == accounts.RESIDENT]
    hero = User.objects.get(email__in=emails)
    recent = list(Consultation.objects.open(at=at).select_related("theme").order_by("-published_at", "-pk")[:OPENINGS])
    if not recent or not actions.follow(user=hero, topic=f"{announcing.THEME}:{recent[0].theme.slug}"):
        return False
    district = hero.district or District.objects.order_by("pk").first()
    if district is not None:
        actions.follow(user=hero, topic=f"{announcing.DISTRICT}:{district.slug}")
    actions.follow(user=hero, topic=recent[0].topic)
    # Told before the hour of the digest, so that it holds them.
    due = digests.cut(Frequency.DAILY, at=at)
    for number, consultation in enumerate(recent, start=1):
        announcing.announce_opening(
            consultation=consultation,
            people=list(announcing.interested(consultation).filter(pk=hero.pk)),
            at=due - number * AN_HOUR,
        )
    replies = announcing.replies(at=at).filter(addressee=hero.pk)[:REPLIES]
    announcing.tell_replies(comments=list(replies), at=due - AN_HOUR)
    digests.send(digest=Frequency.DAILY, people=[hero.pk], at=at)
    return True
