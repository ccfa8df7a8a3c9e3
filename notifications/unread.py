"""How many notifications somebody has not read: one count of an index, read in the query that reads the person."""

from django.db.models import IntegerField, OuterRef, Subquery

from notifications.models import Notification

# The header says « 99+ »: counting further would cost for nothing.
MOST = 100


class Counted(Subquery):
    """The number of rows of a query that stops after so many."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS unread_rows)"
    output_field = IntegerField()


def count() -> Counted:
    """Count it for each person of a query, up to MOST."""
    rows = Notification.objects.unread().filter(user=OuterRef("pk")).order_by()
    return Counted(rows.values("pk")[:MOST])


def words(number: int) -> str:
    """Write the count as the header shows it."""
    return f"{MOST - 1}+" if number >= MOST else str(number)
