"""The words of everything that can be found, and the lexicon made of them. No row is written from Python but those of the site's pages.

Triggers keep `Document` exact within the transaction of each write (migration 0001, and those of the rooms). Who may see a
text is not copied here: it is asked of its source at each search (`registry`).
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func
from django.db.models.functions import Now


class Document(models.Model):
    """A text that can be found: its words, its date, and what its address is made of.

    `search` holds French stems (title A, body B), each word as it is written and without accents behind « _ », and the
    kind behind « # ».
    """

    kind = models.CharField("sorte", max_length=20)
    object_id = models.BigIntegerField("clé de la source")
    title = models.TextField("titre", blank=True)
    body = models.TextField("texte", blank=True)
    dated_at = models.DateTimeField("date", null=True)
    parts = ArrayField(models.TextField(), verbose_name="parties de l’adresse")
    parent_kind = models.CharField("sorte du parent", max_length=20, blank=True)
    parent_id = models.BigIntegerField("clé du parent", null=True)
    changed_at = models.DateTimeField("écrit le", db_default=Now())
    search = models.GeneratedField(
        expression=Func(F("kind"), F("title"), F("body"), function="search_vector"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[models.Manager["Document"]]

    class Meta:
        verbose_name = "texte cherché"
        verbose_name_plural = "textes cherchés"
        indexes = (
            GinIndex(fields=("search",), name="search_document_words"),
            models.Index("kind", F("dated_at").desc(nulls_last=True), F("id").desc(), name="search_document_recent"),
            models.Index(fields=("changed_at",), name="search_document_changed"),
        )
        constraints = (models.UniqueConstraint(fields=("kind", "object_id"), name="search_document_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class Word(models.Model):
    """A word that documents hold: without accents, as it is written, in how many, and the keys by which it is found misspelt."""

    folded = models.CharField("sans accent", max_length=60, primary_key=True)
    shown = models.CharField("mot", max_length=60, db_index=True)
    documents = models.PositiveIntegerField("textes", default=1)
    keys = ArrayField(models.CharField(max_length=60), verbose_name="clés")

    objects: ClassVar[models.Manager["Word"]]

    class Meta:
        verbose_name = "mot du lexique"
        verbose_name_plural = "lexique"
        indexes = (GinIndex(fields=("keys",), name="search_word_keys"),)

    def __str__(self) -> str:
        return self.shown
