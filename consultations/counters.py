"""The stored counters of consultations, and the queries that count them again (`transparency.recounting`)."""

from collections.abc import Mapping
from typing import Any

from consultations.models import Comment, Consultation, Contribution, Section
from transparency import recounting, register
from transparency.recounting import Counted, Difference

# In the order in which rows are locked everywhere: comment, contribution, section, consultation.
TABLES = (
    Counted(
        Comment,
        ("support_count", "reply_count"),
        """
        SELECT c.id, coalesce(s.n, 0) AS support_count, coalesce(r.n, 0) AS reply_count
        FROM consultations_comment c
        LEFT JOIN (SELECT comment_id, count(*) n FROM consultations_commentsupport GROUP BY 1) s ON s.comment_id = c.id
        LEFT JOIN (
            SELECT parent_id, count(*) n FROM consultations_comment
            WHERE parent_id IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) r ON r.parent_id = c.id
        """,
    ),
    Counted(
        Contribution,
        ("agree_count", "mixed_count", "disagree_count", "comment_count", "for_count", "against_count"),
        """
        SELECT c.id, coalesce(p.agree, 0) AS agree_count, coalesce(p.mixed, 0) AS mixed_count,
               coalesce(p.disagree, 0) AS disagree_count, coalesce(m.n, 0) AS comment_count,
               coalesce(m.pro, 0) AS for_count, coalesce(m.con, 0) AS against_count
        FROM consultations_contribution c
        LEFT JOIN (
            SELECT contribution_id, count(*) FILTER (WHERE choice = 'agree') agree,
                   count(*) FILTER (WHERE choice = 'mixed') mixed, count(*) FILTER (WHERE choice = 'disagree') disagree
            FROM consultations_position GROUP BY 1
        ) p ON p.contribution_id = c.id
        LEFT JOIN (
            SELECT contribution_id, count(*) n, count(*) FILTER (WHERE stance = 'for') pro,
                   count(*) FILTER (WHERE stance = 'against') con
            FROM consultations_comment WHERE withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) m ON m.contribution_id = c.id
        """,
    ),
    Counted(
        Section,
        ("contribution_count",),
        """
        SELECT s.id, coalesce(c.n, 0) AS contribution_count
        FROM consultations_section s
        LEFT JOIN (
            SELECT section_id, count(*) n FROM consultations_contribution
            WHERE published_at IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) c ON c.section_id = s.id
        """,
    ),
    Counted(
        Consultation,
        ("contribution_count", "comment_count"),
        """
        SELECT o.id, coalesce(c.n, 0) AS contribution_count, coalesce(c.comments, 0) AS comment_count
        FROM consultations_consultation o
        LEFT JOIN (
            SELECT consultation_id, count(*) n, sum(comment_count)::bigint comments FROM consultations_contribution
            WHERE published_at IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) c ON c.consultation_id = o.id
        """,
    ),
)


def record(facts: Mapping[str, Any]) -> None:
    """Say on the register that numbers were put right."""
    register.record("consultation.recounted", role="système", facts=facts)


def recount(*, repair: bool) -> list[Difference]:
    """Compare the counters of consultations with their rows (`recounting.recount`)."""
    return recounting.recount("consultations", repair=repair)
