"""Reading the register again, line after line, and saying in plain words what was found."""

from django.utils.translation import gettext as _

from transparency import chain, register
from transparency.models import RegisterLine

# What a click may cost: a third of a second of one processor. The whole chain (2 s for 100,000 lines) is read every night.
RECENT = 20_000


def verify_whole() -> chain.Verdict:
    """Check every line since the first."""
    return chain.verify(register.lines_after(0))


def verify_recent(limit: int = RECENT) -> chain.Verdict:
    """Check the last lines, from the seal of the line before them; all of them when there are no more than `limit`."""
    first = register.head() - limit
    if first <= 0:
        return verify_whole()
    seal = RegisterLine.objects.filter(number=first).values_list("seal", flat=True).first()
    # A missing line has no seal: the next one is then found not to follow it.
    return chain.verify(register.lines_after(first), start=chain.Link(first, seal or ""))


def explain(reason: str) -> str:
    """Say what is wrong with a line, for somebody who never heard of a hash."""
    return {
        "number": _("Une ligne manque à cet endroit, ou n’est pas à sa place."),
        "previous": _("Cette ligne ne porte pas le sceau de la ligne qui la précède."),
        "seal": _("Le sceau de cette ligne ne correspond pas à son contenu\u00a0: elle a été modifiée après coup."),
        "content": _("Ce que le site affiche de cette ligne n’est pas ce qui a été scellé."),
    }[reason]


def last_whole_check() -> RegisterLine | None:
    """Find the line that the last nightly check wrote."""
    return RegisterLine.objects.filter(act="register.verified").order_by("-number").first()
