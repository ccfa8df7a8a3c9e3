"""What is running: one name for the code, the templates and the declared settings, the same in every process and machine.

A page kept from before a deployment bears another name, so it is never shown after it.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

SHOWN_SETTINGS = (
    "PORTAL_ENV",
    "SITE_NAME",
    "SITE_URL",
    "LEGAL",
    "CONTACT",
    "SECURITY_CONTACT",
    "ACCESSIBILITY_AUDIT_ON",
    "ACCESSIBILITY_RATE",
)
SUFFIXES = {".py", ".html", ".txt", ".po", ".md", ".css", ".js", ".svg"}
FOLDERS_LEFT_OUT = {"tests", "var", "benchmarks", "node_modules", "bin"}


@cache
def identity() -> str:
    """Name the running release.

    Shape: 16 hexadecimal digits of a SHA-256 over the sources and the settings that pages show.
    """
    digest = hashlib.sha256()
    for name in SHOWN_SETTINGS:
        digest.update(f"{name}={getattr(settings, name)!r}\n".encode())
    for path in _sources(Path(settings.BASE_DIR)):
        digest.update(str(path.relative_to(settings.BASE_DIR)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(root: Path) -> Iterator[Path]:
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in FOLDERS_LEFT_OUT:
            yield from sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
