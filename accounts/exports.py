"""The copy of what the site knows about a person: one JSON file, the files themselves, and a page of explanation."""

import json
import shutil
import tempfile
import zipfile
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import User
from mulhouse import personal_data

README = """Copie de vos données sur {site}

donnees.json   tout ce que le site sait de vous, table par table, avec la raison et la durée
fichiers/      les fichiers que vous avez envoyés

Cette copie ne contient que vos données : rien de ce que d’autres personnes ont écrit.
"""
IN_MEMORY_BYTES = 1_000_000


def data_of(user: User) -> list[dict[str, Any]]:
    """Collect what each table holds about a person.

    Shape: one entry for each declared table, empty ones included: table, libelle, pourquoi, base, duree,
    qui_voit, droits, lignes.
    """
    return [
        {
            "table": holding.model._meta.label,
            "libelle": holding.label,
            "pourquoi": holding.purpose,
            "base": holding.basis,
            "duree": holding.period,
            "qui_voit": holding.recipients,
            "droits": list(holding.rights),
            "lignes": list(holding.export(user)),
        }
        for holding in personal_data.holdings()
    ]


def archive_of(user: User, *, site: str) -> IO[bytes]:
    """Write the archive of a person.

    Shape: an open temporary file, read from its beginning; small ones stay in memory.
    """
    archive = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 (closed by the caller)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("LISEZ-MOI.txt", README.format(site=site))
        written = json.dumps(data_of(user), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        bundle.writestr("donnees.json", written)
        for holding in personal_data.holdings():
            for name, content in holding.files(user):
                with content, bundle.open(f"fichiers/{holding.model._meta.model_name}/{name}", "w") as target:
                    shutil.copyfileobj(content, target)
    archive.seek(0)
    return archive
