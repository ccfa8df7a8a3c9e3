"""A consultation, what residents write in it, and what the city makes of it. Rows are written by actions only."""

from consultations.models.columns import SEARCH_CONFIG
from consultations.models.procedure import (
    NEWS_DAYS,
    RESERVED_SLUGS,
    Consultation,
    ConsultationQuerySet,
    Document,
    Phase,
    PhaseQuerySet,
    ResidencyLevel,
    Section,
)
from consultations.models.writing import (
    Attachment,
    Comment,
    CommentQuerySet,
    CommentSupport,
    Contribution,
    ContributionQuerySet,
    ContributionVersion,
    Position,
    Source,
)

__all__ = [
from consultations.models.questionnaires import ConsultationQuestionnaire
    "NEWS_DAYS",
    "RESERVED_SLUGS",
    "SEARCH_CONFIG",
    "Attachment",
    "Comment",
    "CommentQuerySet",
    "CommentSupport",
    "Consultation",
    "ConsultationQuerySet",
    "Contribution",
    "ContributionQuerySet",
    "ContributionVersion",
    "Document",
    "Phase",
    "PhaseQuerySet",
    "Position",
    "ResidencyLevel",
    "Section",
    "Source",
]
    "ConsultationQuestionnaire",
