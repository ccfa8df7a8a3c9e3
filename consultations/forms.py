"""What residents type: a contribution, its files, a comment. Forms check, actions write."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from city.models import District
from consultations.actions import MAX_ATTACHMENTS, Words
from consultations.models import Attachment, Comment, Contribution, Position, Section
from mulhouse import masked_forms, uploads
from mulhouse.masked_forms import MaskingForm
from mulhouse.typed import MARKDOWN_HELP, ProseField, harmless, is_shouting

TITLE_LENGTHS = (10, 120)
BODY_LENGTH = 3000
COMMENT_LENGTH = 1500
ALT_LENGTH = 200
FACT_LENGTH = 120
PLACE_LENGTH = 160
# More would not be a key of the database.
KEY_DIGITS = 19

KINDS = {
    Contribution.Kind.OPINION: gettext_lazy("Un avis\u00a0: ce que j’en pense"),
    Contribution.Kind.PROPOSAL: gettext_lazy("Une proposition\u00a0: ce que je suggère de faire"),
    Contribution.Kind.QUESTION: gettext_lazy("Une question\u00a0: ce que je voudrais savoir"),
    Contribution.Kind.EXPERIENCE: gettext_lazy("Une expertise d’usage\u00a0: ce que je vis ici"),
}
# What each signature shows to everybody: a public name never goes without the district (presentation.place_of_author).
SIGNATURES = {
    Contribution.Signature.NAME: gettext_lazy("Mon nom public, avec mon quartier"),
    Contribution.Signature.DISTRICT: gettext_lazy("«\u00a0Un habitant de mon quartier\u00a0», sans mon nom"),
}


class ContributionForm(MaskingForm):
    """A contribution, complete enough to be published. `section` comes first: it decides what is asked."""

    masked_fields = ("title", "body", "usage_when", "usage_frequency", "usage_role", "place")

    section = forms.ModelChoiceField(
        label=gettext_lazy("À quelle question répondez-vous\u00a0?"),
        queryset=Section.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choisissez la question à laquelle vous répondez.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Que voulez-vous écrire\u00a0?"),
        choices=[(kind.value, label) for kind, label in KINDS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez ce que vous voulez écrire.")},
    )
    title = forms.CharField(
        label=gettext_lazy("Titre"),
        help_text=gettext_lazy("Une phrase qui dit l’essentiel, de 10 à 120 caractères."),
        error_messages={"required": gettext_lazy("Donnez un titre.")},
    )
    body = ProseField(
        label=gettext_lazy("Votre texte"),
        help_text=MARKDOWN_HELP,
        max_length=BODY_LENGTH,
        rows=9,
        error_messages={
            "required": gettext_lazy("Écrivez votre texte."),
            "max_length": gettext_lazy("Votre texte dépasse 3\u00a0000 caractères. Raccourcissez-le."),
        },
    )
    usage_when = forms.CharField(label=gettext_lazy("Quand\u00a0?"), max_length=FACT_LENGTH, required=False)
    usage_frequency = forms.CharField(
        label=gettext_lazy("À quel rythme\u00a0?"), max_length=FACT_LENGTH, required=False
    )
    usage_role = forms.CharField(label=gettext_lazy("En tant que…"), max_length=FACT_LENGTH, required=False)
    place = forms.CharField(
        label=gettext_lazy("Lieu"),
        help_text=gettext_lazy("Une rue, une place, un arrêt. N’indiquez pas votre adresse."),
        max_length=PLACE_LENGTH,
        required=False,
    )
    place_district = forms.ModelChoiceField(
        label=gettext_lazy("Quartier de ce lieu"),
        help_text=gettext_lazy(
            "Pour placer votre contribution sur le plan des quartiers. Ce n’est pas forcément le vôtre."
        ),
        queryset=District.objects.all(),
        empty_label=gettext_lazy("Aucun en particulier"),
        required=False,
    )
    signature = forms.ChoiceField(
        label=gettext_lazy("Comment signer\u00a0?"),
        choices=[(signature.value, label) for signature, label in SIGNATURES.items()],
        widget=forms.RadioSelect,
        initial=Contribution.Signature.NAME.value,
        error_messages={"required": gettext_lazy("Choisissez votre signature.")},
    )

    def __init__(self, *args: Any, sections: Sequence[Section], reacted: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["section"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 (declared above)
        field.queryset = Section.objects.filter(pk__in=[section.pk for section in sections])
        # The sections are at hand: choosing among them asks the database nothing more.
        field.choices = [(section.pk, f"{section.title}\u00a0: {section.question}") for section in sections]
        if len(sections) == 1:
            field.initial = sections[0].pk
            field.widget = forms.HiddenInput()
        if reacted:
            for name in set(self.fields) - {"title", "body"}:
                del self.fields[name]

    def clean_title(self) -> str:
        """Refuse a title too short to say something, or too long to be read in a list."""
        title = " ".join(str(self.cleaned_data["title"]).split())
        shortest, longest = TITLE_LENGTHS
        if len(title) < shortest:
            raise forms.ValidationError(
                _("Votre titre est trop court\u00a0: écrivez au moins 10 caractères."), code="short"
            )
        if len(title) > longest:
            raise forms.ValidationError(_("Votre titre est trop long\u00a0: 120 caractères au plus."), code="long")
        return title

    def advice(self) -> list[str]:
        """Say what would make the text easier to read, without asking for it."""
        found = []
        title, body = str(self.cleaned_data.get("title", "")), str(self.cleaned_data.get("body", ""))
        if is_shouting(title):
            found.append(_("Votre titre est presque tout en capitales. En minuscules, il se lit mieux."))
        if is_shouting(body):
            found.append(_("Votre texte est presque tout en capitales. En minuscules, il se lit mieux."))
        return found

    def words(self) -> Words:
        """Give what was typed, valid."""
        given = self.cleaned_data
        typed = {name: given.get(name, "") for name in Words.__dataclass_fields__ if name != "place_district"}
        return Words(**typed, place_district=given.get("place_district"))


def draft_words(data: Any, sections: Sequence[Section]) -> Words:
    """Read what was typed as it is, finished or not: a draft keeps everything that fits."""
    chosen = next((section for section in sections if str(section.pk) == data.get("section")), None)
    if chosen is None and len(sections) == 1:
        chosen = sections[0]

    def choice(name: str, allowed: Sequence[str], default: str) -> str:
        value = str(data.get(name, ""))
        return value if value in allowed else default

    def text(name: str, length: int) -> str:
        return str(data.get(name, "")).replace("\x00", "").strip()[:length]

    return Words(
        section=chosen,
        kind=choice("kind", Contribution.Kind.values, Contribution.Kind.OPINION),
        title=" ".join(text("title", 2 * TITLE_LENGTHS[1]).split()),
        body=text("body", 10 * BODY_LENGTH).replace("\r\n", "\n"),
        signature=choice("signature", Contribution.Signature.values, Contribution.Signature.NAME),
        usage_when=text("usage_when", FACT_LENGTH),
        usage_frequency=text("usage_frequency", FACT_LENGTH),
        usage_role=text("usage_role", FACT_LENGTH),
        place=text("place", PLACE_LENGTH),
        place_district=_district(str(data.get("place_district", ""))),
    )


def _district(key: str) -> District | None:
    return District.objects.filter(pk=key).first() if key.isdecimal() and len(key) < KEY_DIGITS else None


class AttachmentForm(forms.Form):
    """A file to join, and the words that stand for a photo. `upload` is what can be kept, even while the words are missing."""

    file = forms.FileField(
        label=gettext_lazy("Photo ou document"),
        help_text=gettext_lazy("JPEG, PNG, WebP, PDF ou ODT, 5\u00a0Mo au plus."),
        required=False,
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
    )
    alt = forms.CharField(
        label=gettext_lazy("Si c’est une photo, décrivez-la en une phrase"),
        help_text=gettext_lazy("Elle est lue aux personnes qui ne voient pas l’image."),
        max_length=ALT_LENGTH,
        required=False,
    )
    is_decorative = forms.BooleanField(label=gettext_lazy("Image sans information, à ne pas décrire"), required=False)

    def clean_alt(self) -> str:
        """Refuse personal data."""
        return harmless(self.cleaned_data["alt"])

    def clean(self) -> dict[str, Any]:
        """Clean the file itself and its name, and ask for the words of a photo."""
        given = super().clean() or {}
        sent = given.get("file")
        if sent is None:
            return given
        if sent.size > uploads.MAX_BYTES:
            self.add_error("file", _("Ce fichier dépasse 5\u00a0Mo. Réduisez-le ou choisissez-en un autre."))
            return given
        try:
            given["upload"] = uploads.clean(sent.name, sent.read())
        except uploads.RejectedFileError as error:
            self.add_error("file", error.message)
            return given
        if given["upload"].kind != "photo" and (found := masked_forms.passages(given["upload"].name)):
            del given["upload"]
            self.add_error(
                "file",
                _(
                    "Le nom de ce fichier montre «\u00a0%(found)s\u00a0»\u00a0: tout le monde le lirait. Renommez-le, puis joignez-le."
                )
                % {"found": found[0]},
            )
            return given
        if given["upload"].kind == "photo" and "alt" in given and not given["alt"] and not given.get("is_decorative"):
            self.add_error(
                "alt", _("Décrivez cette photo en une phrase, ou cochez «\u00a0image sans information\u00a0».")
            )
        return given


class KeptAttachmentForm(forms.Form):
    """A file that is already kept: its words, or taking it away."""

    use_required_attribute = False
    alt = forms.CharField(
        label=gettext_lazy("Description de la photo"),
        help_text=gettext_lazy("Elle est lue aux personnes qui ne voient pas l’image."),
        max_length=ALT_LENGTH,
        error_messages={
            "required": gettext_lazy(
                "Décrivez cette photo en une phrase, ou cochez «\u00a0image sans information\u00a0»."
            )
        },
    )
    is_decorative = forms.BooleanField(label=gettext_lazy("Image sans information, à ne pas décrire"), required=False)
    remove = forms.BooleanField(label=gettext_lazy("Retirer ce fichier"), required=False)

    def __init__(self, data: Any, *, attachment: Attachment) -> None:
        initial = {"alt": attachment.alt, "is_decorative": attachment.is_decorative}
        super().__init__(data, initial=initial, prefix=f"kept-{attachment.position}")
        self.attachment = attachment
        if attachment.kind != Attachment.Kind.PHOTO:
            del self.fields["alt"], self.fields["is_decorative"]

    def clean_alt(self) -> str:
        """Refuse personal data."""
        return harmless(self.cleaned_data["alt"])

    def clean(self) -> dict[str, Any]:
        """Ask for the words of a photo, unless it goes away or says nothing."""
        given = super().clean() or {}
        if given.get("remove") or given.get("is_decorative"):
            self.errors.pop("alt", None)
        return given


def attachment_forms(data: Any, files: Any, kept: Sequence[Attachment]) -> list[AttachmentForm]:
    """Give one form for each file that can still be joined."""
    taken = {attachment.position for attachment in kept}
    free = [position for position in range(1, MAX_ATTACHMENTS + 1) if position not in taken]
    return [AttachmentForm(data, files, prefix=f"new-{position}") for position in free]


def kept_forms(data: Any, kept: Sequence[Attachment]) -> list[KeptAttachmentForm]:
    """Give one form for each file that is already kept; one that arrived with this very request answers for itself."""
    return [KeptAttachmentForm(_kept_data(data, attachment), attachment=attachment) for attachment in kept]


def _kept_data(data: Any, attachment: Attachment) -> Any:
    prefix = f"kept-{attachment.position}"
    if data is None or f"{prefix}-alt" in data or f"{prefix}-remove" in data:
        return data
    # Words that were refused were not kept with the file: they come back to be corrected.
    refused = "" if attachment.is_decorative else data.get(f"new-{attachment.position}-alt", "")
    return {
        f"{prefix}-alt": attachment.alt or refused,
        f"{prefix}-is_decorative": "on" if attachment.is_decorative else "",
    }


def _proposal_field() -> forms.BooleanField:
    return forms.BooleanField(
        label=gettext_lazy("Ceci est une proposition\u00a0: la Ville devra y répondre"), required=False
    )


class CommentForm(MaskingForm):
    """A word in the debate."""

    masked_fields = ("body",)

    stance = forms.ChoiceField(
        label=gettext_lazy("Votre commentaire est plutôt…"),
        choices=Comment.Stance.choices,
        error_messages={
            "required": gettext_lazy("Dites si vous êtes pour, contre ou sans avis tranché."),
            "invalid_choice": gettext_lazy("Dites si vous êtes pour, contre ou sans avis tranché."),
        },
    )
    body = ProseField(
        label=gettext_lazy("Votre commentaire"),
        max_length=COMMENT_LENGTH,
        rows=4,
        error_messages={
            "required": gettext_lazy("Écrivez votre commentaire."),
            "max_length": gettext_lazy("Votre commentaire dépasse 1\u00a0500 caractères. Raccourcissez-le."),
        },
    )
    is_proposal = _proposal_field()


class ReplyForm(MaskingForm):
    """A reply to a comment."""

    masked_fields = ("body",)

    body = ProseField(
        label=gettext_lazy("Votre réponse"),
        max_length=COMMENT_LENGTH,
        rows=3,
        error_messages={
            "required": gettext_lazy("Écrivez votre réponse."),
            "max_length": gettext_lazy("Votre réponse dépasse 1\u00a0500 caractères. Raccourcissez-la."),
        },
    )
    is_proposal = _proposal_field()


class HeldForm(MaskingForm):
    """The words of a text that waits for moderation."""

    masked_fields = ("title", "body")
    title = ContributionForm.base_fields["title"]
    body = ContributionForm.base_fields["body"]

    def __init__(self, *args: Any, has_title: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_title:
            return
        del self.fields["title"]
        field = self.fields["body"]
        assert isinstance(field, ProseField)  # noqa: S101 (declared above)
        field.help_text, field.max_length = "", COMMENT_LENGTH
        field.widget.attrs["maxlength"] = str(COMMENT_LENGTH)
        field.validators = [*field.validators, MaxLengthValidator(COMMENT_LENGTH)]

    clean_title = ContributionForm.clean_title

    def words(self) -> dict[str, str]:
        """Give what was typed, valid."""
        return {name: self.cleaned_data[name] for name in self.fields}


class PositionForm(forms.Form):
    """One of the three positions, or none any more."""

    WITHDRAW = "aucune"

    position = forms.ChoiceField(
        choices=[*Position.Choice.choices, (WITHDRAW, "")],
        error_messages={
            "required": gettext_lazy("Choisissez une position."),
            "invalid_choice": gettext_lazy("Choisissez une position."),
        },
    )
