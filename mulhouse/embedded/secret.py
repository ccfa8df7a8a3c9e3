"""A secret key that lasts as long as the state folder, for places that have no real people in them."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from mulhouse.embedded.state import make_folder


def persistent_secret(state: Path) -> str:
    """Read the key kept in the state folder, made at the first call; sessions survive a restart.

    Shape: the file is readable by its owner only and written whole, so that two first starts agree on one key.
    """
    path = state / "secret-key"
    try:
        return path.read_text()
    except FileNotFoundError:
        make_folder(state, mode=0o711 if os.geteuid() == 0 else 0o700)
    draft = path.with_name(f"secret-key.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50))
    with suppress(FileExistsError):  # another start was first
        path.hardlink_to(draft)
    draft.unlink()
    return path.read_text()
