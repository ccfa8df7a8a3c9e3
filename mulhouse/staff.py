"""What the admin of each app is made of: tables that only show, and buttons that call actions.

An app writes, in its `admin.py`:

    @admin.register(OutboundMail)
    class OutboundMailAdmin(ShownAdmin):
        list_display = ("created_at", "kind", "state")
        buttons = (
            Button(
                name="retry", label="Renvoyer", permission="notifications.retry_mail",
                run=lambda actor, mail, answers: retry(actor=actor, mail=mail), shown=lambda mail: mail.state == "failed",
            ),
        )

Nothing is added, changed nor deleted by the admin itself: a class that allows more says so, and why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from mulhouse import journal
from mulhouse.errors import DomainError

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin

NOT_YOURS = "Cette page est réservée aux agents qui en ont la charge."


def _always(thing: Any) -> bool:
    return True


def _nothing_yet(thing: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Button:
    """A gesture of staff on one row: its words, who may do it, and the action it calls.

    `run(actor, row, answers)` calls the action and gives the sentence that confirms it; a DomainError is shown as a message.
    `question` asks for a confirmation on a page of its own, `form` asks for what the action needs (a reason, a date):
    `answers` is its cleaned data. Without either, the button acts at once. `shown` hides the button where it makes no sense.
    """

    name: str
    label: str
    permission: str
    run: Callable[[Any, Any, dict[str, Any]], str]
    question: str = ""
    form: type[forms.Form] | None = None
    # What the form holds when it opens: what the row already says.
    start: Callable[[Any], dict[str, Any]] = _nothing_yet
    shown: Callable[[Any], bool] = _always
    danger: bool = False

    @property
    def asks(self) -> bool:
        """Tell whether a page stands between the button and the action."""
        return bool(self.question) or self.form is not None


def run(request: HttpRequest, button: Button, row: Any, form: forms.Form | None) -> bool:
    """Call the action of a button, and say what came of it.

    Shape: False when what was typed is to be corrected: it stays on the page, with the sentence of the action.
    """
    try:
        messages.success(request, button.run(request.user, row, form.cleaned_data if form else {}))
    except DomainError as error:
        if form is None:
            messages.error(request, error.message)
            return True
        form.add_error(error.code if error.code in form.fields else None, error.message)
        return False
    return True


class StaffAdmin(BaseAdmin):
    """What every table of the staff space has in common."""

    # In the menu of the staff space: its words, and its place (the smallest first). Empty: among the tables of the home page.
    navigation = ""
    navigation_rank = 50
    # A sentence under the title of the list, and what ends « Rechercher… ».
    list_intro = ""
    search_label = ""
    # What counts the rows when the name of the table does not: « 329 lignes du registre ». What an empty table says.
    rows_name = ""
    empty_title = "Aucune ligne"
    empty_words = "Cette table est vide pour le moment."
    # Looking somebody up by their whole address tells who has it: for those who may see addresses only.
    search_addresses: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False
    # « Tout afficher » would load the whole table.
    list_max_show_all = 0
    actions = None
    view_on_site: Any = False

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Let those who may see addresses look one up."""
        may_see = request.user.has_perm("accounts.view_email")
        return (*self.search_fields, *(self.search_addresses if may_see else ()))

    def list_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Give what stands beside the title of the list: words and address."""
        return []

    def row_title(self, row: Any) -> str:
        """Name a row: in its title, on the way to it, and where a button asks."""
        return str(row)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a row under its name."""
        row = self.get_object(request, unquote(object_id))
        title = "" if row is None else self.row_title(row)
        kind = capfirst(str(self.opts.verbose_name))
        names: dict[str, Any] = {"title": kind, "row_title": title, "subtitle": title, "buttons": []}
        return super().change_view(request, object_id, form_url, {**names, **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add a row."""
        title = f"Ajouter\u00a0: {self.opts.verbose_name}"
        names = {"title": title, "row_title": title, "buttons": []}
        return super().add_view(request, form_url, {**names, **(extra_context or {})})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Stay closed: it names agents by their address, and the register tells what was done."""
        raise Http404

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Call the list by what it holds."""
        title = capfirst(self.opts.verbose_name_plural)
        more = {"title": title, "list_links": self.list_links(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})


class ShownAdmin(StaffAdmin):
    """A table that staff read: search, filters, pages read from an index, and the buttons that act on a row."""

    buttons: ClassVar[Sequence[Button]] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are born from actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows change through buttons."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing that residents wrote, or that proves what was done, goes away by a click."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Reading has its own permission."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}"))

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the buttons."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_button"
        view = self.admin_site.admin_view(self.press)
        return [path("<path:object_id>/geste/<slug:name>/", view, name=name), *super().get_urls()]

    def row_url(self, row: Any) -> str:
        """Give the page of a row."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(row.pk)])

    def list_url(self) -> str:
        """Give the page of the list: where one comes back to when the row is gone."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def buttons_for(self, request: HttpRequest, row: Any) -> list[tuple[Button, str]]:
        """Give the buttons this person has on this row, with their address."""
        route = f"admin:{self.opts.app_label}_{self.opts.model_name}_button"
        return [
            (button, reverse(route, args=[quote(row.pk), button.name]))
            for button in self.buttons
            if request.user.has_perm(button.permission) and button.shown(row)
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the row with its buttons."""
        row = self.get_object(request, unquote(object_id))
        buttons = [] if row is None else self.buttons_for(request, row)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "buttons": buttons})

    def press(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask, then call the action behind a button, outside any transaction of the admin's own."""
        row = self.get_object(request, unquote(object_id))
        button = next((button for button in self.buttons if button.name == name), None)
        if row is None or button is None:
            raise Http404
        if not request.user.has_perm(button.permission):
            raise PermissionDenied(NOT_YOURS)
        if request.method != "POST" and not button.asks:
            return HttpResponseNotAllowed(["POST"])
        sent = request.method == "POST"
        form = None
        if button.form:
            posted, files = (request.POST, request.FILES) if sent else (None, None)
            form = button.form(posted, files, initial=button.start(row))
        if sent and (form is None or form.is_valid()) and run(request, button, row, form):
            return HttpResponseRedirect(self.row_url(row) if row.pk else self.list_url())
        context = {
            **self.admin_site.each_context(request),
            "title": button.label,
            "subtitle": "",
            "opts": self.opts,
            "row_title": self.row_title(row),
            "row_url": self.row_url(row),
            "button": button,
            "form": form,
            "multipart": form is not None and form.is_multipart(),
        }
        return TemplateResponse(request, "admin/button.html", context, status=422 if form and form.errors else 200)


class NamesAdmin(StaffAdmin):
    """A short table of names the city manages itself: edited in place, never removed while something is filed under it.

    A name shows on public pages, so each change goes on the register (`mulhouse.journal`), last in the admin's transaction.
    """

    list_per_page = 100

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Leave out the icons that open another table in a window."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write the admin's history, then the register."""
        entry = super().log_addition(request, obj, message)
        self._record(request, obj, "ajout")
        return entry

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write the admin's history, then the register."""
        entry = super().log_change(request, obj, message)
        self._record(request, obj, "modification")
        return entry

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Remove a name under which nothing is filed, and say so on the register."""
        super().delete_model(request, obj)
        self._record(request, obj, "suppression")

    def _record(self, request: HttpRequest, obj: Any, change: str) -> None:
        facts = {"table": str(self.opts.verbose_name), "nom": str(obj), "changement": change}
        journal.record("city.names_changed", role="agent", subject="", facts=facts, actor=request.user)
