import re

from django.test import override_settings

from mulhouse import release


def named(**changes):
    release.identity.cache_clear()
    with override_settings(**changes):
        name = release.identity()
    release.identity.cache_clear()
    return name


def test_a_release_has_one_name():
    assert re.fullmatch("[0-9a-f]{16}", named())
    assert named() == named()


def test_what_pages_show_changes_the_name():
    assert named(SITE_NAME="Autre nom") != named()


def test_sources_change_the_name(tmp_path):
    (tmp_path / "app").mkdir()
    source = tmp_path / "app" / "page.html"
    names = []
    for text in ("a", "b", "a"):
        source.write_text(text)
        names.append(named(BASE_DIR=tmp_path))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("a")
    (tmp_path / "app" / "photo.jpg").write_text("a")
    names.append(named(BASE_DIR=tmp_path))

    assert names == [names[0], names[1], names[0], names[0]]
    assert names[0] != names[1]
