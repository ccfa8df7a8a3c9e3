"""A consultation, what residents write in it, and what the city makes of it. Rows are written by actions only."""

from accounts.levels import ResidencyLevel
from consultations.models.amendments import Ruleset
from consultations.models.analysis import (
    AnalysisTheme,
    Decision,
    Item,
    ItemOutcome,
    ItemOutcomeQuerySet,
    ItemQuerySet,
    ItemTheme,
    Note,
    Outcome,
    OutcomeQuerySet,
    OutcomeReturn,
)
from consultations.models.archives import ArchivePackage, ArchivePackageQuerySet
from consultations.models.columns import SEARCH_CONFIG
from consultations.models.following import ConsultationCommitment, PromiseReminder, Telling
from consultations.models.held import HeldText, HeldTextQuerySet
from consultations.models.participation import Participation, TableNotes
from consultations.models.procedure import (
    NEWS_DAYS,
    RESERVED_SLUGS,
    Consultation,
    ConsultationQuerySet,
    Document,
    ModerationMode,
    Phase,
    PhaseQuerySet,
    Section,
)
from consultations.models.questionnaires import ConsultationQuestionnaire
from consultations.models.reports import REPORT_LINES, REPORT_TEXTS, Report, ReportQuerySet, ReportRow
from consultations.models.votes import ConsultationVote, ConsultationVoteQuerySet
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
    "NEWS_DAYS",
    "REPORT_LINES",
    "REPORT_TEXTS",
    "RESERVED_SLUGS",
    "SEARCH_CONFIG",
    "AnalysisTheme",
    "ArchivePackage",
    "ArchivePackageQuerySet",
    "Attachment",
    "Comment",
    "CommentQuerySet",
    "CommentSupport",
    "Consultation",
    "ConsultationCommitment",
    "ConsultationQuerySet",
    "ConsultationQuestionnaire",
    "ConsultationVote",
    "ConsultationVoteQuerySet",
    "Contribution",
    "ContributionQuerySet",
    "ContributionVersion",
    "Decision",
    "Document",
    "HeldText",
    "HeldTextQuerySet",
    "Item",
    "ItemOutcome",
    "ItemOutcomeQuerySet",
    "ItemQuerySet",
    "ItemTheme",
    "ModerationMode",
    "Note",
    "Outcome",
    "OutcomeQuerySet",
    "OutcomeReturn",
    "Participation",
    "Phase",
    "PhaseQuerySet",
    "Position",
    "PromiseReminder",
    "Report",
    "ReportQuerySet",
    "ReportRow",
    "ResidencyLevel",
    "Ruleset",
    "Section",
    "Source",
    "TableNotes",
    "Telling",
]
