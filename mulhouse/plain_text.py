"""What people type, without the signs that nobody sees: they hide words, turn a line round, or break what reads them.

Whatever a language needs stays: accents, joiners between letters, emoji, right-to-left letters. Nothing else is changed.
"""

import re

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
# Controls; halves of characters; signs that turn the line round; invisible signs and tags.
_UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f"
)
UNSEEN = re.compile(f"[{_UNSEEN}]")
LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
# A joiner ties two letters of a script that has some, or two emoji: never two ASCII signs, never another joiner.
JOINERS = re.compile("(?<=[\x00-\x7f\u200c\u200d])[\u200c\u200d]+|^[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\x7f]|$)")
# Three marks on a letter are more than any language written here asks for.
PILED = re.compile(f"([{_MARKS}]{{3}})[{_MARKS}]+")
SUSPECT = re.compile(f"[{_UNSEEN}\x0b\x0c\x85\u2028\u2029\u200c\u200d]|[{_MARKS}]{{4}}")


def clean(text: str) -> str:
    """Take the unseen signs out of a text; the same text when there is none, and for what is clean already."""
    if SUSPECT.search(text) is None:
        return text
    kept = LINE_ENDS.sub("\n", UNSEEN.sub("", text))
    return PILED.sub(r"\1", JOINERS.sub("", kept))
