"""The idea box: campaigns and their rules, ideas and what people write around them, supports, studies and answers."""

from ideas.models.campaigns import Campaign, Threshold
from ideas.models.coauthors import CoAuthor
from ideas.models.realisation import Event, EventPhoto, Milestone
from ideas.models.studies import Answer, Criterion, InternalNote, Reaction, Reading, Study, StudyPart
from ideas.models.talking import Comment, HeldText
from ideas.models.writing import Idea, IdeaVersion, Photo, Stage, Support, ThresholdPassing

__all__ = (
    "Answer",
    "Campaign",
    "CoAuthor",
    "Comment",
    "Criterion",
    "Event",
    "EventPhoto",
    "HeldText",
    "Idea",
    "IdeaVersion",
    "InternalNote",
    "Milestone",
    "Photo",
    "Reaction",
    "Reading",
    "Stage",
    "Study",
    "StudyPart",
    "Support",
    "Threshold",
    "ThresholdPassing",
)
