from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mulhouse import markup


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("Bonjour", "<p>Bonjour</p>\n"),
        ("Un **mot** et un *autre*", "<p>Un <strong>mot</strong> et un <em>autre</em></p>\n"),
        ("Une ligne\nune autre", "<p>Une ligne<br>\nune autre</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("> cité", "<blockquote>\n<p>cité</p>\n</blockquote>\n"),
        ("# Titre", "<p># Titre</p>\n"),
        (
            "![photo](https://a.example/p.png)",
            '<p>!<a href="https://a.example/p.png" rel="nofollow ugc noopener">photo</a></p>\n',
        ),
        ("<b>gras</b>", "<p>&lt;b&gt;gras&lt;/b&gt;</p>\n"),
        ("[lien](https://a.example)", '<p><a href="https://a.example" rel="nofollow ugc noopener">lien</a></p>\n'),
        ("[appel](tel:+33389000000)", '<p><a href="tel:+33389000000" rel="nofollow ugc noopener">appel</a></p>\n'),
        ("`code`", "<p>`code`</p>\n"),
    ],
)
def test_what_a_resident_may_write(source, html):
    assert markup.render_markdown(source) == html


@pytest.mark.parametrize(
    "source",
    [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](vbscript:a)",
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '<a href="https://a" hx-get="/b" onclick="c">d</a>',
        "<svg/onload=alert(1)>",
        "[a](<javascript:alert(1)>)",
        "[a][1]\n\n[1]: javascript:alert(1)",
    ],
)
def test_nothing_a_resident_writes_acts(source):
    for html in (markup.render_markdown(source), markup.clean_html(source), markup.clean_html(source, staff=True)):
        assert tags_of(html) <= {(tag, name) for tag in markup.STAFF_TAGS for name in ("", "href", "rel", "start")}
        assert "javascript:" not in "".join(value or "" for value in hrefs_of(html)).lower()
        assert not any((value or "").lower().startswith(("data:", "vbscript:")) for value in hrefs_of(html))


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.hrefs = set(), []

    def handle_starttag(self, tag, attrs):
        self.seen |= {(tag, name) for name, _value in attrs} | {(tag, "")}
        self.hrefs += [value for name, value in attrs if name == "href"]


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


def tags_of(html):
    return read(html).seen


def hrefs_of(html):
    return read(html).hrefs


@given(st.text(alphabet=st.sampled_from("<>ab\"'=/ !&;:[]()*_`#\n-1.javscript"), max_size=80))
def test_only_known_tags_come_out_whatever_goes_in(source):
    html = markup.render_markdown(source)

    assert {tag for tag, _name in tags_of(html)} <= markup.RESIDENT_TAGS
    assert {name for _tag, name in tags_of(html)} <= {"", "href", "rel", "start"}
    assert markup.clean_html(html) == html


def test_staff_keep_headings_below_the_title_and_tables():
    source = (
        '<h1>a</h1><h2>b</h2><h3 class="x" id="y" style="color:red">c</h3>'
        '<table><caption>d</caption><tr><th scope="col" colspan="2" onclick="e">f</th><td hx-get="g">h</td></tr></table><img src="i">'
    )

    assert markup.clean_html(source, staff=True) == (
        "ab<h3>c</h3>"
        '<table><caption>d</caption><tbody><tr><th scope="col" colspan="2">f</th><td>h</td></tr></tbody></table>'
    )
    assert markup.clean_html("<h3>a</h3><p>b</p>") == "a<p>b</p>"
    assert (
        markup.clean_html('<a href="https://a.example">b</a>', staff=True)
        == '<a href="https://a.example" rel="noopener">b</a>'
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Une &amp; deux</p><p>trois</p>", "Une & deux\ntrois"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<p>  a \u00a0 b  </p>\n\n<p></p>", "a b"),
        ("", ""),
        ("&lt;script&gt;", "<script>"),
    ],
)
def test_words_without_their_markup(source, text):
    assert markup.to_text(source) == text
