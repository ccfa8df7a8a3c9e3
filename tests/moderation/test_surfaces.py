"""What moderation takes away, masks or has not read yet is on no surface: each one is read before, so that it could show it."""

import datetime as dt
import io

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from consultations import actions as consultations
from consultations import announcing, archiving, counters, review
from consultations.models import Attachment, Comment, Consultation, Contribution, HeldText, ModerationMode
from moderation import kinds
from mulhouse import memory
from mulhouse.references import new_reference
from notifications import actions as choosing
from notifications import digests
from notifications.kinds import Frequency
from notifications.models import Notification, OutboundMail
from opendata import datasets, dumping
from tests import factories as f
from tests.moderation import deciding
from tests.visibility import crawl

# In what is taken away and nowhere else; and the one that searches for it.
TITLE, BODY, SAID, NAME = "Zinnia", "Quassia", "Yucca", "Xylophone"
EMPTY_FILE = b"RIFF"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def place(db):
    """A contribution with a place, a picture and a comment, written by the actions of the site, as the public reads it."""
    district = f.make_district(name="Les Tilleuls")
    consultation = f.make_consultation(title="Les quais", districts=[district])
    author, other = (f.make_resident(public_name=name, district=district) for name in (NAME, "Une voisine"))
    draft = f.make_contribution(
        consultation=consultation,
        author=author,
        published_at=None,
        title=f"{TITLE} au bord de l’eau",
        body=f"Du {BODY} près du pont.",
        place="Le pont",
        place_district=district,
        signature="name",
    )
    contribution = consultations.publish(actor=author, contribution=draft, at=timezone.now())
    comment = consultations.comment(
        actor=other,
        contribution=contribution,
        reference=new_reference(),
        stance="for",
        body=f"Le {SAID} aussi.",
        at=timezone.now(),
    )
    photo = Attachment(
        contribution=contribution,
        kind="photo",
        name="pont.webp",
        content_type="image/webp",
        size=4,
        alt=f"{TITLE} en pot",
    )
    photo.file.save("pont.webp", ContentFile(EMPTY_FILE), save=False)
    photo.save()
    return contribution, comment, photo


def addresses(contribution, comment):
    """Name each public surface that shows a text, and where it is."""
    slug = contribution.consultation.slug
    inside = [slug, contribution.reference]
    search = reverse("search:results")
    return {
        "consultation": reverse("consultations:detail", args=[slug]),
        "list": reverse("consultations:contributions", args=[slug]),
        "list, searched": reverse("consultations:contributions", args=[slug]) + "?q=pont",
        "page": reverse("consultations:contribution", args=inside),
        "comment": reverse("consultations:comment", args=[*inside, comment.reference]),
        "map": reverse("consultations:map", args=[slug]),
        "atom": reverse("consultations:own_feed", args=[slug, "atom"]),
        "rss": reverse("consultations:own_feed", args=[slug, "rss"]),
        **{
            f"{table}.{form}": reverse("consultations:export", args=[slug, table, form])
            for table in ("contributions", "commentaires")
            for form in ("csv", "json")
        },
        **{f"api {name}": reverse(f"api:{name}") for name in ("contributions", "commentaires")},
        **{
            f"file {name}.{form}": reverse("opendata:file", args=[name, form])
            for name in ("contributions", "commentaires")
            for form in ("csv", "json")
        },
        "search": f"{search}?q=pont",
        "search of a comment": f"{search}?q=aussi",
        "suggestions": reverse("search:suggestions") + "?q=au+bord",
        "home": reverse("home"),
        "sitemap": reverse("sitemap"),
        "register": reverse("transparency:register"),
    }


def read(client, contribution, comment):
    """Read every surface as a visitor, the archive of the consultation too; pages kept for visitors are asked again."""
    memory.client().flushdb()
    found = {
        name: crawl.text_of(client.get(url, follow=True)) for name, url in addresses(contribution, comment).items()
    }
    package = io.BytesIO()
    archiving.write(contribution.consultation, package, version=1, at=timezone.now())
    package.seek(0)
    found["archive"] = crawl.text_of(_Whole(package.read()))
    return found


class _Whole:
    streaming = False

    def __init__(self, content):
        self.content = content


def status(client, url):
    response = client.get(url)
    response.close()
    return response.status_code


def showing(read_, word):
    return {name for name, text in read_.items() if word in text}


TEXTS = {"page", "list", "list, searched", "map", "atom", "rss", "search", "suggestions", "archive"}
TEXTS |= {"contributions.csv", "contributions.json", "api contributions"}
FILES = {"file contributions.csv", "file contributions.json"}
SAYINGS = {
    "page",
    "comment",
    "search of a comment",
    "archive",
    "commentaires.csv",
    "commentaires.json",
    "api commentaires",
}
SAID_FILES = {"file commentaires.csv", "file commentaires.json"}
pytestmark = pytest.mark.django_db(transaction=True)


def publish_files():
    dumping.make([datasets.find(code) for code in ("contributions", "commentaires")], at=timezone.now())


def test_a_hidden_contribution_is_nowhere_and_comes_back_everywhere(client, place):
    contribution, comment, photo = place
    publish_files()
    picture = reverse("consultations:attachment", args=[photo.key])
    before = read(client, contribution, comment)
    assert showing(before, TITLE) >= TEXTS | FILES
    assert status(client, picture) == 200

    made = deciding.hide(contribution)
    after = read(client, contribution, comment)
    # Neither the text, nor what is said of it, nor its picture, nor who signed it.
    for word in (TITLE, BODY, SAID, NAME, "pont.webp", str(photo.key)):
        assert showing(after, word) == set(), word
    assert status(client, picture) == 404
    # Its address says the clause, to nobody's search engine nor social preview.
    stub = client.get(contribution.get_absolute_url())
    text = stub.content.decode()
    assert stub.status_code == 410
    assert "article 3.2 de la charte" in text
    assert 'name="robots" content="noindex' in text
    assert counted(contribution.consultation) == (0, 0)

    deciding.overturn(made)
    publish_files()
    assert showing(read(client, contribution, comment), TITLE) == showing(before, TITLE)
    assert status(client, picture) == 200
    assert counted(contribution.consultation) == (1, 1)


def counted(consultation):
    """What the consultation says of itself, and the counts that are kept beside it are the rows they count."""
    consultation.refresh_from_db()
    assert counters.recount(repair=False) == []
    return consultation.contribution_count, consultation.comment_count


def test_a_hidden_comment_is_nowhere_and_leaves_a_neutral_line(client, place):
    contribution, comment, _photo = place
    publish_files()
    before = read(client, contribution, comment)
    assert showing(before, SAID) >= SAYINGS | SAID_FILES
    made = deciding.hide(comment)
    after = read(client, contribution, comment)
    assert showing(after, SAID) == set()
    assert showing(after, TITLE) >= TEXTS
    assert counted(contribution.consultation) == (1, 0)
    deciding.overturn(made)
    publish_files()
    assert showing(read(client, contribution, comment), SAID) == showing(before, SAID)


def test_a_masked_passage_is_nowhere_and_the_rest_stays(client, place):
    contribution, comment, _photo = place
    publish_files()
    deciding.mask(contribution, BODY, clause="3.4")
    deciding.mask(comment, SAID, clause="3.4")
    after = read(client, contribution, comment)
    assert showing(after, BODY) == set()
    assert showing(after, SAID) == set()
    assert showing(after, TITLE) >= TEXTS | FILES
    api = {"api contributions", "api commentaires"}
    assert showing(after, kinds.MASKED) >= api | {"page", "atom", "contributions.csv", "commentaires.json"}
    assert counted(contribution.consultation) == (1, 1)
    search = reverse("search:results")
    for word in (BODY, SAID):
        assert contribution.get_absolute_url() not in client.get(f"{search}?q={word}").content.decode()


def test_a_hidden_name_signs_nothing_anywhere(client, place):
    contribution, comment, _photo = place
    publish_files()
    assert showing(read(client, contribution, comment), NAME) >= {"page", "list", "atom", "contributions.csv"}
    deciding.hide(contribution.author)
    after = read(client, contribution, comment)
    assert showing(after, NAME) == set()
    assert showing(after, TITLE) >= TEXTS


def test_a_hidden_picture_is_nowhere_and_its_text_stays(client, place):
    contribution, comment, photo = place
    deciding.hide(photo)
    after = read(client, contribution, comment)
    for word in (f"{TITLE} en pot", "pont.webp"):
        assert showing(after, word) == set(), word
    # The register says which file a decision was about: nothing is there any more.
    assert showing(after, str(photo.key)) == {"register"}
    assert client.get(reverse("consultations:attachment", args=[photo.key])).status_code == 404
    assert showing(after, TITLE) >= TEXTS


def test_what_waits_to_be_read_is_nowhere_until_it_is_released(client, place):
    """A priori: a contribution, a comment and a correction, each with a word of its own."""
    contribution, comment, _photo = place
    consultation = contribution.consultation
    Consultation.objects.filter(pk=consultation.pk).update(moderation=ModerationMode.PRIOR)
    consultation.refresh_from_db()
    district = contribution.place_district
    writer = f.make_resident(public_name="Camille", district=district)
    draft = f.make_contribution(
        consultation=consultation, author=writer, published_at=None, title="Wapiti au pont", place_district=district
    )
    consultations.publish(actor=writer, contribution=draft, at=timezone.now())
    said = consultations.comment(
        actor=writer,
        contribution=Contribution.objects.select_related("consultation").get(pk=contribution.pk),
        reference=new_reference(),
        stance="for",
        body="Le Kinkajou aussi.",
        at=timezone.now(),
    )
    assert isinstance(said, HeldText)
    counts = counted(consultation)
    waiting = read(client, contribution, comment)
    for word in ("Wapiti", "Kinkajou"):
        assert showing(waiting, word) == set(), word
    assert client.get(draft.get_absolute_url()).status_code == 404
    f.sign_in(client, f.make_resident())
    for url in (draft.get_absolute_url(), reverse("consultations:held", args=[said.reference])):
        assert client.get(url).status_code == 404
    client.logout()
    assert counted(consultation) == counts == (1, 1)

    for held in HeldText.objects.order_by("pk"):
        deciding.release(kinds.of(review.KINDS[held.sort]), held)
    released = read(client, contribution, comment)
    assert showing(released, "Wapiti") >= {
        "list",
        "atom",
        "contributions.csv",
        "api contributions",
        "search",
        "archive",
    }
    assert showing(released, "Kinkajou") >= {"page", "commentaires.csv", "api commentaires", "search of a comment"}
    assert counted(consultation) == (2, 2)


# --- What was told before --------------------------------------------------------------------------------------------


def test_what_is_hidden_before_the_digest_is_not_in_it_nor_in_the_account(client, place):
    """A word on one's contribution waits for the digest of the morning; moderation hides the comment first."""
    contribution, comment, _photo = place
    author = contribution.author
    choosing.choose(user=author, wanted={"consultations.replies": Frequency.DAILY})
    written = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)
    Comment.objects.filter(pk=comment.pk).update(published_at=written)
    told = list(announcing.replies(at=written))
    assert announcing.tell_replies(comments=told, at=written) == 1
    line = Notification.objects.get(user=author)
    centre = reverse("notifications:centre")
    f.sign_in(client, author)
    assert line.url in client.get(centre).content.decode()

    made = deciding.hide(comment)
    assert line.url not in client.get(centre).content.decode()
    morning = written + dt.timedelta(days=1)
    keys = [author.pk]
    assert digests.send(digest=Frequency.DAILY, people=keys, at=morning) == 0
    assert not OutboundMail.objects.filter(kind="notifications.daily").exists()
    deciding.overturn(made)
    assert line.url in client.get(centre).content.decode()


def test_a_hidden_comment_is_told_to_nobody_after(place):
    contribution, comment, _photo = place
    at = timezone.now()
    assert [row.pk for row in announcing.replies(at=at)] == [comment.pk]
    deciding.hide(contribution)
    assert list(announcing.replies(at=at)) == []
