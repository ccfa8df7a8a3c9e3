"""Who signs an idea with its author. Rows are written by actions only."""

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ideas.models.writing import Idea

# How long somebody has to answer, and how long their address is kept at most.
ANSWER_DAYS = 14
# Active at once; and asked in all, so that nobody writes to a crowd in the city's name.
MOST, MOST_ASKED = 5, 10
MOST_SENT = 2


class CoAuthorQuerySet(models.QuerySet["CoAuthor"]):
    """Named reads of co-authors."""

    def accepted(self) -> Self:
        """Those who sign."""
        return self.filter(state=CoAuthor.State.ACCEPTED)

    def invited(self) -> Self:
        """Those whose answer is waited for."""
        return self.filter(state=CoAuthor.State.INVITED)

    def active(self) -> Self:
        """Those who sign, or may yet."""
        return self.filter(state__in=(CoAuthor.State.INVITED, CoAuthor.State.ACCEPTED))

    def late(self, *, at: dt.datetime) -> Self:
        """Those who were not answered in time."""
        return self.invited().filter(invited_at__lte=at - dt.timedelta(days=ANSWER_DAYS))

    def of(self, user: Any) -> Self:
        """Those that are this person: by their account, or by an address of theirs that is waited for."""
        addresses = user.emailaddress_set.filter(verified=True).values("email")
        return self.filter(Q(user=user) | Q(state=CoAuthor.State.INVITED, email__in=addresses))


class CoAuthor(models.Model):
    """Somebody whom an author asked, by e-mail, to sign an idea with them.

    Known by their address until they answer, for ANSWER_DAYS at most; by their account once they accept; by nothing when they refuse.
    """

    class State(models.TextChoices):
        """Where the invitation stands."""

        INVITED = "invited", _("Attend une réponse")
        ACCEPTED = "accepted", _("Signe l’idée")
        DECLINED = "declined", _("A refusé, ou ne signe plus")
        CANCELLED = "cancelled", _("Invitation annulée")
        EXPIRED = "expired", _("Sans réponse")

    # The address of the invitation: only the mail tells it.
    key = models.UUIDField("clé", default=uuid.uuid4, unique=True, editable=False)
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="coauthors")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="idea_coauthorships"
    )
    email = models.EmailField("adresse invitée", blank=True)
    state = models.CharField("état", max_length=9, choices=State, default=State.INVITED)
    # Asked by the author, then written to; from the last of the two, ANSWER_DAYS to answer.
    invited_at = models.DateTimeField("invité le")
    # 0 as long as the idea is not public; 2 once it was sent again.
    sent = models.PositiveSmallIntegerField("courriels envoyés", default=0)
    answered_at = models.DateTimeField("réponse le", null=True, blank=True)

    objects: ClassVar[models.Manager["CoAuthor"]] = CoAuthorQuerySet.as_manager()

    class Meta:
        verbose_name = "co-auteur d’une idée"
        verbose_name_plural = "co-auteurs d’idées"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("idea", "email"), condition=Q(state="invited"), name="coauthor_invited_once_per_address"
            ),
            models.UniqueConstraint(
                fields=("idea", "user"), condition=Q(state="accepted"), name="coauthor_accepted_once"
            ),
            # An address is kept as long as an answer is waited for, an account as long as it signs.
            models.CheckConstraint(
                condition=Q(state="invited", user__isnull=True) & ~Q(email="")
                | Q(state="accepted", user__isnull=False, email="", answered_at__isnull=False)
                | Q(state__in=("declined", "cancelled", "expired"), user__isnull=True, email=""),
                name="coauthor_known_by_one_thing",
            ),
            models.CheckConstraint(condition=Q(sent__lte=MOST_SENT), name="coauthor_sent_twice_at_most"),
        )
        indexes = (
            models.Index(fields=("email",), name="coauthor_waited_for", condition=Q(state="invited")),
            models.Index(fields=("invited_at",), name="coauthor_invited_at", condition=Q(state="invited")),
        )

    def __str__(self) -> str:
        return f"co-auteur {self.pk}"

    @property
    def is_resendable(self) -> bool:
        """Tell whether the mail may be sent once more."""
        return self.state == self.State.INVITED and 0 < self.sent < MOST_SENT

    @property
    def answer_by(self) -> dt.datetime:
        """Give the instant from which it is too late to answer."""
        return self.invited_at + dt.timedelta(days=ANSWER_DAYS)
