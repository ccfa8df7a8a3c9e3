"""The idea box: campaigns and their rules, ideas and what people write around them, supports, studies and answers."""

from ideas.models.amending import Amendment, AuthorNews
from ideas.models.campaigns import Campaign, Threshold
from ideas.models.coauthors import CoAuthor
from ideas.models.gathering import CarryAnswer, GatheredIdea, Gathering, LikelyPair
from ideas.models.realisation import Event, EventPhoto, Milestone
from ideas.models.studies import Answer, Criterion, InternalNote, Reaction, Reading, Study, StudyPart
from ideas.models.talking import Comment, HeldText
from ideas.models.votes import CampaignVote, VotedIdea
from ideas.models.writing import Idea, IdeaVersion, Photo, Stage, Support, ThresholdPassing

__all__ = (
    "Amendment",
    "Answer",
    "AuthorNews",
    "Campaign",
    "CampaignVote",
    "CarryAnswer",
    "CoAuthor",
    "Comment",
    "Criterion",
    "Event",
    "EventPhoto",
    "GatheredIdea",
    "Gathering",
    "HeldText",
    "Idea",
    "IdeaVersion",
    "InternalNote",
    "LikelyPair",
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
    "VotedIdea",
)
