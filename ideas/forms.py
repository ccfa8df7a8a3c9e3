"""What the author of an idea types: a title and four promises, the idea, its photos. Forms check, actions write."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from city.models import District, Theme
from ideas import review
from ideas.actions import VERSIONED, WRITTEN, Words
from ideas.models import Idea, Photo
from ideas.models.writing import MAX_PHOTOS, TEXT_LENGTH, TITLE_LENGTH
from mulhouse import uploads
from mulhouse.masked_forms import MaskingForm
from mulhouse.typed import MARKDOWN_HELP, ProseField, harmless, is_shouting

SHORTEST_TITLE = 10
ALT_LENGTH = 200
# With a script, what resembles a title is shown while it is typed; without, on a page of its own.
WHILE_TYPED = {
    "hx-get": reverse_lazy("ideas:deposit"),
    "hx-trigger": "input changed delay:400ms",
    "hx-target": "#ressemblances",
}
# More would not be a key of the database.
KEY_DIGITS = 19
PHOTO_ACCEPT = ".jpg,.jpeg,.png,.webp,image/jpeg,image/png,image/webp"
_html = lazy(format_html, str)


def one_line(text: str) -> str:
    """Write a title on one line."""
    return " ".join(text.split())


class TitleForm(MaskingForm):
    """The title of an idea: long enough to say something, short enough for a list."""

    masked_fields: ClassVar[Sequence[str]] = ("title",)

    title = forms.CharField(
        label=gettext_lazy("Votre idée en une phrase"),
        help_text=gettext_lazy("De 10 à 120 caractères. Elle servira de titre."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Dites votre idée en une phrase.")},
    )

    def clean_title(self) -> str:
        """Refuse a title too short to say something, or too long to be read in a list."""
        title = one_line(str(self.cleaned_data["title"]))
        if len(title) < SHORTEST_TITLE:
            raise forms.ValidationError(
                _("Votre titre est trop court\u00a0: écrivez au moins 10 caractères."), code="short"
            )
        if len(title) > TITLE_LENGTH:
            raise forms.ValidationError(_("Votre titre est trop long\u00a0: 120 caractères au plus."), code="long")
        return title


def _promise(label: Any, help_text: Any, missing: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, error_messages={"required": missing})


class StartForm(TitleForm):
    """The first step: the four criteria, each explained and ticked, then the title. The ticks are agreed to, not stored."""

    CRITERIA = ("general", "powers", "gainless", "charter")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].widget.attrs.update(WHILE_TYPED)

    general = _promise(
        gettext_lazy("Elle sert l’intérêt général"),
        gettext_lazy("Elle profite à d’autres que vous\u00a0: une rue, un quartier, la ville."),
        gettext_lazy("Cochez si votre idée sert l’intérêt général. Sinon, écrivez-nous par la page Contact."),
    )
    powers = _promise(
        gettext_lazy("Elle relève de la Ville de Mulhouse"),
        gettext_lazy(
            "Rues, écoles, parcs, sport, culture… Vous hésitez\u00a0? Cochez\u00a0: si elle relève de quelqu’un "
            "d’autre, un agent la lui transmet."
        ),
        gettext_lazy("Cochez si votre idée relève de la Ville, à votre connaissance."),
    )
    gainless = _promise(
        gettext_lazy("Elle ne rapporte rien à personne en particulier"),
        gettext_lazy("Ni publicité, ni gain pour vous, un proche ou une entreprise."),
        gettext_lazy("Cochez si votre idée n’apporte de gain privé à personne."),
    )
    charter = _promise(
        gettext_lazy("Elle respecte la charte de la participation"),
        _html(
            '<a href="{}">{}</a>',
            reverse_lazy("charter"),
            gettext_lazy("Lire la charte\u00a0: rester courtois, ne viser personne, ne pas discriminer."),
        ),
        gettext_lazy("Cochez si votre idée respecte la charte."),
    )


BEHALVES = {
    Idea.Behalf.ONESELF: gettext_lazy("En mon nom"),
    Idea.Behalf.ASSOCIATION: gettext_lazy("Au nom d’une association"),
    Idea.Behalf.COUNCIL: gettext_lazy("Au nom d’un conseil (quartier, jeunes, aînés…)"),
}
# What each signature shows to everybody: a public name never goes without the district.
SIGNATURES = {
    Idea.Signature.NAME: gettext_lazy("Mon nom public, avec mon quartier"),
    Idea.Signature.DISTRICT: gettext_lazy("«\u00a0Un habitant de mon quartier\u00a0», sans mon nom"),
}


def _prose(label: Any, help_text: Any, missing: Any, *, rows: int) -> ProseField:
    return ProseField(
        label=label,
        help_text=help_text,
        max_length=TEXT_LENGTH,
        rows=rows,
        error_messages={
            "required": missing,
            "max_length": gettext_lazy("Votre texte dépasse 3\u00a0000 caractères. Raccourcissez-le."),
        },
    )


def _length(name: str) -> int:
    length: int = Idea._meta.get_field(name).max_length  # type: ignore[union-attr, assignment]
    return length


class IdeaForm(TitleForm):
    """An idea, complete enough to be published."""

    masked_fields: ClassVar[Sequence[str]] = review.READ

    need = _prose(
        gettext_lazy("Quel est le besoin\u00a0?"),
        gettext_lazy("Ce qui manque ou ce qui gêne, où et pour qui. Quelques lignes suffisent."),
        gettext_lazy("Dites à quel besoin votre idée répond."),
        rows=4,
    )
    proposal = _prose(
        gettext_lazy("Que proposez-vous\u00a0?"),
        MARKDOWN_HELP,
        gettext_lazy("Dites ce que vous proposez."),
        rows=6,
    )
    theme = forms.ModelChoiceField(
        label=gettext_lazy("Thème"),
        queryset=Theme.objects.none(),
        empty_label=gettext_lazy("Choisissez un thème"),
        error_messages={"required": gettext_lazy("Choisissez un thème.")},
    )
    place_district = forms.ModelChoiceField(
        label=gettext_lazy("Quartier concerné"),
        help_text=gettext_lazy("Ce n’est pas forcément le vôtre."),
        queryset=District.objects.none(),
        empty_label=gettext_lazy("Toute la ville"),
        required=False,
    )
    place = forms.CharField(
        label=gettext_lazy("Lieu précis"),
        help_text=gettext_lazy("Une rue, une place, un arrêt. N’indiquez pas votre adresse."),
        max_length=_length("place"),
        required=False,
    )
    beneficiaries = forms.CharField(
        label=gettext_lazy("À qui cela profite-t-il\u00a0?"),
        help_text=gettext_lazy("Par exemple\u00a0: les enfants de l’école, les personnes âgées du quartier."),
        max_length=_length("beneficiaries"),
        required=False,
    )
    cost = forms.CharField(
        label=gettext_lazy("Combien cela coûterait-il\u00a0?"),
        help_text=gettext_lazy("Avec vos mots, si vous le savez. La Ville chiffrera."),
        max_length=_length("cost"),
        required=False,
    )
    behalf = forms.ChoiceField(
        label=gettext_lazy("Vous déposez cette idée…"),
        choices=[(behalf.value, label) for behalf, label in BEHALVES.items()],
        widget=forms.RadioSelect,
        initial=Idea.Behalf.ONESELF.value,
        error_messages={"required": gettext_lazy("Dites au nom de qui vous déposez cette idée.")},
    )
    behalf_name = forms.CharField(
        label=gettext_lazy("Nom de l’association ou du conseil"), max_length=_length("behalf_name"), required=False
    )
    signature = forms.ChoiceField(
        label=gettext_lazy("Comment signer\u00a0?"),
        choices=[(signature.value, label) for signature, label in SIGNATURES.items()],
        widget=forms.RadioSelect,
        initial=Idea.Signature.NAME.value,
        error_messages={"required": gettext_lazy("Choisissez votre signature.")},
    )

    def __init__(self, *args: Any, reacted: bool = False, is_draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_draft:
            self.fields["title"].widget.attrs.update(WHILE_TYPED)
        if reacted:
            for name in set(self.fields) - set(VERSIONED):
                del self.fields[name]
            return
        for name, model in (("theme", Theme), ("place_district", District)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 (declared above)
            field.queryset = model.objects.all()

    def clean(self) -> dict[str, Any]:
        """Ask for whom an idea is deposited when it is not in its author's own name."""
        given = super().clean()
        speaks_for_others = given.get("behalf", Idea.Behalf.ONESELF.value) != Idea.Behalf.ONESELF
        if speaks_for_others and not given.get("behalf_name") and "behalf_name" not in self.errors:
            self.add_error("behalf_name", _("Dites au nom de quelle association ou de quel conseil."))
        return given

    def advice(self) -> list[str]:
        """Say what would make the idea easier to read, without asking for it."""
        found = []
        if is_shouting(str(self.cleaned_data.get("title", ""))):
            found.append(_("Votre titre est presque tout en capitales. En minuscules, il se lit mieux."))
        if any(is_shouting(str(self.cleaned_data.get(name, ""))) for name in ("need", "proposal")):
            found.append(_("Votre texte est presque tout en capitales. En minuscules, il se lit mieux."))
        return found

    def words(self, *, kept: Idea | None = None) -> Words:
        """Give what was typed, valid; what this form does not ask any more stays as it is in `kept`."""
        given: dict[str, Any] = {name: getattr(kept, name) for name in WRITTEN} if kept else {}
        return Words(**{**given, **{name: self.cleaned_data[name] for name in self.fields}})


def typed(idea: Idea) -> dict[str, Any]:
    """Give the fields of an idea as they are typed."""
    words = {name: getattr(idea, name) for name in IdeaForm.base_fields if name not in {"theme", "place_district"}}
    return {**words, "theme": idea.theme_id, "place_district": idea.place_district_id}


def draft_words(data: Any) -> Words:
    """Read what was typed as it is, finished or not: a draft keeps everything that fits."""

    def choice(name: str, allowed: Sequence[str], default: str) -> str:
        value = str(data.get(name, ""))
        return value if value in allowed else default

    def text(name: str, length: int) -> str:
        return str(data.get(name, "")).replace("\x00", "").strip()[:length]

    def key(name: str) -> str:
        value = str(data.get(name, ""))
        return value if value.isdecimal() and value.isascii() and len(value) < KEY_DIGITS else "0"

    behalf = choice("behalf", Idea.Behalf.values, Idea.Behalf.ONESELF)
    return Words(
        title=one_line(text("title", 2 * TITLE_LENGTH))[:TITLE_LENGTH],
        need=text("need", 10 * TEXT_LENGTH).replace("\r\n", "\n"),
        proposal=text("proposal", 10 * TEXT_LENGTH).replace("\r\n", "\n"),
        beneficiaries=text("beneficiaries", _length("beneficiaries")),
        cost=text("cost", _length("cost")),
        theme=Theme.objects.filter(pk=key("theme")).first(),
        place=text("place", _length("place")),
        place_district=District.objects.filter(pk=key("place_district")).first(),
        behalf=behalf,
        behalf_name=text("behalf_name", _length("behalf_name")),
        signature=choice("signature", Idea.Signature.values, Idea.Signature.NAME),
    )


class HeldForm(MaskingForm):
    """The words of a text that waits for moderation: of an idea, or of its correction; or of a comment, which is `body` alone."""

    masked_fields: ClassVar[Sequence[str]] = (*review.READ, "body")

    title = IdeaForm.base_fields["title"]
    need = IdeaForm.base_fields["need"]
    proposal = IdeaForm.base_fields["proposal"]
    beneficiaries = IdeaForm.base_fields["beneficiaries"]
    cost = IdeaForm.base_fields["cost"]
    place = IdeaForm.base_fields["place"]
    behalf_name = IdeaForm.base_fields["behalf_name"]
    body = ProseField(
        label=gettext_lazy("Votre commentaire"),
        rows=4,
        max_length=1500,
        error_messages={
            "required": gettext_lazy("Écrivez votre commentaire."),
            "max_length": gettext_lazy("Votre commentaire dépasse 1\u00a0500 caractères. Raccourcissez-le."),
        },
    )

    def __init__(self, *args: Any, asks: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(asks):
            del self.fields[name]
        # One speaks for somebody already: the name of who that is may change, not be taken away.
        if self.initial.get("behalf_name"):
            self.fields["behalf_name"].required = True
        else:
            self.fields.pop("behalf_name", None)

    clean_title = TitleForm.clean_title

    def words(self) -> dict[str, str]:
        """Give what was typed, valid."""
        return {name: self.cleaned_data[name] for name in self.fields}


# --- Photos --------------------------------------------------------------------------------------------------------


def described() -> Any:
    """Say what a photo lacks."""
    return gettext_lazy("Décrivez cette photo en une phrase, ou cochez «\u00a0image sans information\u00a0».")


def read_photo(sent: Any) -> uploads.CleanFile:
    """Clean a photo that was sent.

    Raises: ValidationError for what is too heavy, or no photo.
    """
    if sent.size > uploads.MAX_BYTES:
        raise forms.ValidationError(_("Cette photo dépasse 5\u00a0Mo. Réduisez-la ou choisissez-en une autre."))
    try:
        upload = uploads.clean(sent.name, sent.read())
    except uploads.RejectedFileError as error:
        raise forms.ValidationError(error.message) from error
    if upload.kind != "photo":
        raise forms.ValidationError(_("Une idée prend des photos\u00a0: JPEG, PNG ou WebP."))
    return upload


class PhotoForm(forms.Form):
    """A photo to join, and the words that stand for it. `upload` is what can be kept, even while the words are missing."""

    file = forms.FileField(
        label=gettext_lazy("Photo"),
        help_text=gettext_lazy("JPEG, PNG ou WebP, 5\u00a0Mo au plus. Le lieu et la date qu’elle cache sont effacés."),
        widget=forms.FileInput(attrs={"accept": PHOTO_ACCEPT}),
        error_messages={"required": gettext_lazy("Choisissez une photo.")},
    )
    alt = forms.CharField(
        label=gettext_lazy("Décrivez-la en une phrase"),
        help_text=gettext_lazy("Elle est lue aux personnes qui ne voient pas l’image."),
        max_length=ALT_LENGTH,
        required=False,
    )
    is_decorative = forms.BooleanField(label=gettext_lazy("Image sans information, à ne pas décrire"), required=False)

    def clean_alt(self) -> str:
        """Refuse personal data."""
        return harmless(self.cleaned_data["alt"])

    def clean(self) -> dict[str, Any]:
        """Clean the photo itself, and ask for its words."""
        given = super().clean() or {}
        sent = given.get("file")
        if sent is None:
            return given
        try:
            given["upload"] = read_photo(sent)
        except forms.ValidationError as error:
            self.add_error("file", error)
            return given
        if "alt" in given and not given["alt"] and not given.get("is_decorative"):
            self.add_error("alt", described())
        return given


class KeptPhotoForm(forms.Form):
    """The words of a photo that is already kept."""

    alt = PhotoForm.base_fields["alt"]
    is_decorative = PhotoForm.base_fields["is_decorative"]

    def __init__(self, data: Any, *, photo: Photo) -> None:
        initial = {"alt": photo.alt, "is_decorative": photo.is_decorative}
        super().__init__(data, initial=initial, prefix=f"photo-{photo.position}")
        self.photo = photo

    def clean_alt(self) -> str:
        """Refuse personal data."""
        return harmless(self.cleaned_data["alt"])

    def clean(self) -> dict[str, Any]:
        """Ask for the words, unless the photo says nothing."""
        given = super().clean() or {}
        if "alt" in given and not given["alt"] and not given.get("is_decorative"):
            self.add_error("alt", described())
        return given


def has_room(photos: Sequence[Photo]) -> bool:
    """Tell whether one more photo can be joined."""
    return len(photos) < MAX_PHOTOS
