"""The stored counters of the idea box, and the queries that count them again (`transparency.recounting`)."""

from collections.abc import Mapping
from typing import Any

from ideas import heat
from ideas.models import Campaign, Comment, Idea
from transparency import register
from transparency.recounting import Counted

# The same sum as `heat.of`: the logarithm of what each support counts for on a fixed day. A weight too small to be told is cut.
_HEAT = f"""
        SELECT s.idea_id, m.high + ln(sum(power(2::float8, greatest(s.weight - m.high, -1000)))) / ln(2::float8) AS heat
        FROM (SELECT idea_id, (supported_on - DATE '{heat.ORIGIN}') / {heat.HALF_LIFE_DAYS}::float8 AS weight
              FROM ideas_support) s
        JOIN (SELECT idea_id, (max(supported_on) - DATE '{heat.ORIGIN}') / {heat.HALF_LIFE_DAYS}::float8 AS high
              FROM ideas_support GROUP BY 1) m ON m.idea_id = s.idea_id
        GROUP BY s.idea_id, m.high
"""  # noqa: S608 (two numbers of ours)

# In the order in which rows are locked everywhere: comment, idea, campaign.
TABLES = (
    Counted(
        Comment,
        ("reply_count",),
        """
        SELECT c.id, coalesce(r.n, 0) AS reply_count
        FROM ideas_comment c
        LEFT JOIN (
            SELECT parent_id, count(*) n FROM ideas_comment
            WHERE parent_id IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) r ON r.parent_id = c.id
        """,
    ),
    Counted(
        Idea,
        ("verified_count", "declared_count", "comment_count", "for_count", "against_count", "next_supports", "heat"),
        f"""
        SELECT i.id, coalesce(s.verified, 0) AS verified_count, coalesce(s.declared, 0) AS declared_count,
               coalesce(m.n, 0) AS comment_count, coalesce(m.pro, 0) AS for_count, coalesce(m.con, 0) AS against_count,
               (SELECT min(t.supports) FROM ideas_threshold t
                WHERE t.campaign_id = i.campaign_id AND t.supports > coalesce(p.supports, 0)) AS next_supports,
               greatest(coalesce(h.heat, {heat.COLD}), {heat.COLD}) AS heat
        FROM ideas_idea i
        LEFT JOIN (
            SELECT idea_id, count(*) FILTER (WHERE is_verified) verified, count(*) FILTER (WHERE NOT is_verified) declared
            FROM ideas_support GROUP BY 1
        ) s ON s.idea_id = i.id
        LEFT JOIN (
            SELECT idea_id, count(*) n, count(*) FILTER (WHERE stance = 'for') pro,
                   count(*) FILTER (WHERE stance = 'against') con
            FROM ideas_comment WHERE withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) m ON m.idea_id = i.id
        LEFT JOIN (
            SELECT g.idea_id, max(t.supports) AS supports FROM ideas_thresholdpassing g
            JOIN ideas_threshold t ON t.id = g.threshold_id WHERE g.percent = 100 GROUP BY 1
        ) p ON p.idea_id = i.id
        LEFT JOIN ({_HEAT}) h ON h.idea_id = i.id
        WHERE i.published_at IS NOT NULL
        """,  # noqa: S608 (numbers of ours)
        rounded=frozenset({"heat"}),
    ),
    Counted(
        Campaign,
        ("idea_count",),
        """
        SELECT c.id, coalesce(i.n, 0) AS idea_count
        FROM ideas_campaign c
        LEFT JOIN (
            SELECT campaign_id, count(*) n FROM ideas_idea
            WHERE published_at IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) i ON i.campaign_id = c.id
        """,
    ),
)


def record(facts: Mapping[str, Any]) -> None:
    """Say on the register that numbers were put right."""
    register.record("idea.recounted", role="système", facts=facts)
