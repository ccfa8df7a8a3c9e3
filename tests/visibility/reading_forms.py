"""The forms that a page holds, read as a browser does: where each goes, its fields and what they hold."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

# Where somebody writes; the rest is chosen, or hidden.
WORDS = {"text", "search", "textarea"}


@dataclass
class Field:
    """A field: its sort, what it holds, how much it takes."""

    sort: str
    value: str
    most: int


@dataclass
class Form:
    """A form: its address, its method, its fields."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def shape(self):
        """What makes two forms the same one: the fields where somebody writes, whatever their number."""
        return self.method, frozenset(re.sub(r"\d+", "", name) for name in self.of(WORDS))

    def holds(self):
        """Give what a browser would send of it, untouched."""
        return {name: each.value for name, each in self.fields.items() if each.sort != "file"}

    def of(self, sorts):
        """Give the fields of these sorts, but for what proves where a form comes from."""
        return [name for name, each in self.fields.items() if each.sort in sorts and name != "csrfmiddlewaretoken"]


class _Reader(HTMLParser):
    def __init__(self, address):
        super().__init__()
        self.address, self.forms, self.form, self.within = address, [], None, None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name", "")
        if tag == "form":
            action = urljoin(self.address, given.get("action") or self.address)
            self.form = Form(action, (given.get("method") or "get").lower())
            self.forms.append(self.form)
        elif self.form is None:
            return
        elif tag == "option" and self.within:
            self.within.value = (
                given.get("value", "") if "selected" in given else self.within.value or given.get("value", "")
            )
        elif name and tag in {"textarea", "select"}:
            self.within = self._put(name, tag, "", given)
        elif name and tag in {"input", "button"}:
            sort = "button" if tag == "button" else "number" if given.get("inputmode") else given.get("type", "text")
            self._put(name, sort, given.get("value", ""), given)

    def _put(self, name, sort, value, given):
        known = self.form.fields.get(name)
        if known is None:
            value = value or ("on" if sort == "checkbox" else "")
            known = self.form.fields[name] = Field(sort, value, int(given.get("maxlength", 0)))
        elif "checked" in given:
            known.value = value
        return known

    def handle_data(self, data):
        if self.within is not None and self.within.sort == "textarea":
            self.within.value += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag in {"textarea", "select"}:
            self.within = None


def forms_of(address, page):
    """List the forms of a page."""
    reader = _Reader(address)
    reader.feed(page)
    return reader.forms
