"""What the desk knows about a person: given back to them, and cut from their name when their account closes."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from accounts.models import User
from desk.models import Assistance, Person
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention


def _person(user: User) -> Iterable[dict[str, Any]]:
    for row in Person.objects.filter(user=user):
        yield {"cle": row.key, "creee_le": row.created_on, "identite_vue_au_guichet": row.identity_hash is not None}


def _cut(user: User) -> None:
    Person.objects.filter(user=user).update(user=None)


def _assistances(user: User) -> Iterable[dict[str, Any]]:
    for row in Assistance.objects.filter(Q(agent=user) | Q(person__user=user)).order_by("pk"):
        yield {"a_propos_de": row.topic, "canal": row.get_channel_display(), "ouverte_le": row.opened_at}


def _erase_assistances(user: User) -> None:
    Assistance.objects.filter(Q(agent=user) | Q(person__user=user)).delete()


HOLDINGS = (
    Holding(
        model=Person,
        label="La clé qui vous compte une seule fois",
        purpose="Compter chaque personne une fois, en ligne comme au guichet. Ni nom ni date de naissance\u00a0: une clé au hasard.",
        basis="Mission d’intérêt public\u00a0: la participation des habitants aux décisions de la Ville.",
        period=(
            "La clé reste, sans lien avec votre compte. Si un agent a vu votre identité, son empreinte chiffrée est effacée "
            "deux ans après le dernier usage."
        ),
        fate=Fate.UNSIGNED,
        export=_person,
        erase=_cut,
        group=Group.TAKING_PART,
        recipients="Personne\u00a0: une clé au hasard et une empreinte, que le site compare.",
        kept=Retention("le dernier usage de l’empreinte", 730),
        final=Final.UNLINKED,
        source="RGPD, art. 5.1.c\u00a0; décision 0007",
    ),
    Holding(
        model=Assistance,
        label="Les saisies assistées en cours",
        purpose="Laisser un agent écrire un seul acte pour une personne, pendant quinze minutes.",
        basis="Mission d’intérêt public : la participation des habitants aux décisions de la Ville.",
        period="Un jour, que la saisie ait servi ou non.",
        fate=Fate.ERASED,
        export=_assistances,
        erase=_erase_assistances,
        group=Group.TAKING_PART,
        recipients="L’agent qui vous aide.",
        kept=Retention("l’ouverture de la saisie", 1),
        final=Final.DESTROYED,
        source="RGPD, art. 5.1.c",
    ),
)
