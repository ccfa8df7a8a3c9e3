"""Create .venv and install a pinned list of packages into it, unless that is already done.

Run by the system's Python before anything else exists, hence standard library only:

    python3.11 bin/install.py requirements.txt
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
VENV_PYTHON = VENV / "bin/python"
LOCK = PROJECT / "var/install.lock"
OLDEST = (3, 11)
# What uv calls the things that pip is told by pip.conf or PIP_*: uv reads neither.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
}


def say(sentence: str) -> None:
    """Print at once: what follows can last."""
    print(f"• {sentence}", flush=True)  # noqa: T201 — this is a command


def main(requirements: Path) -> int:
    """Bring .venv to what `requirements` lists; does nothing, fast, when it is there already."""
    if sys.version_info < OLDEST:
        say(f"Il faut Python {'.'.join(map(str, OLDEST))} ou plus récent ; celui-ci est {sys.version.split()[0]}.")
        return 1
    digest = hashlib.sha256(requirements.read_bytes() + Path(__file__).read_bytes() + str(VENV).encode()).hexdigest()
    stamp = VENV / f"installed-{requirements.stem}"
    if is_done(stamp, digest):
        return 0
    # Two commands started together in a fresh checkout: the second waits, then finds the work done.
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_done(stamp, digest):
            return 0
        started = time.monotonic()
        if not runs(VENV_PYTHON, "-m", "pip", "--version") and not create_venv():
            return 1
        say(f"Installation des paquets de {requirements.name} (versions et empreintes fixées)…")
        if not install(requirements):
            say("L’installation a échoué : voir le message ci-dessus. Rien n’est perdu, relancez la même commande.")
            return 1
        stamp.write_text(digest)
        say(f"Paquets installés en {time.monotonic() - started:.0f} s.")
    return 0


def is_done(stamp: Path, digest: str) -> bool:
    """Tell whether this very list was installed here, by a Python that still runs."""
    try:
        return stamp.read_text() == digest and VENV_PYTHON.exists()
    except OSError:
        return False


def runs(*command: str | Path) -> bool:
    """Tell whether a command succeeds, quietly."""
    try:
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0


def create_venv() -> bool:
    """Create the virtual environment afresh."""
    say("Création de l’environnement Python (.venv)…")
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode:  # noqa: S603
        shutil.rmtree(VENV, ignore_errors=True)
        say("Le module venv ne fonctionne pas ici. Sous Debian ou Ubuntu : apt-get install python3.11-venv")
        return False
    return True


def install(requirements: Path) -> bool:
    """Install with uv, which takes seconds; with pip where uv cannot be had or does not manage."""
    pip: list[str | Path] = [
        VENV_PYTHON,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--require-hashes",
        "-r",
    ]
    uv: list[str | Path] = [
        VENV_PYTHON,
        "-m",
        "uv",
        "pip",
        "install",
        "--python",
        VENV_PYTHON,
        "--require-hashes",
        "-r",
        requirements,
    ]
    if runs(*pip, PROJECT / "requirements-install.txt"):
        if not sys.stderr.isatty():
            uv.append("--quiet")
        if subprocess.run(uv, check=False, cwd=PROJECT, env=uv_environment()).returncode == 0:  # noqa: S603
            return True
        say("uv n’y arrive pas : nouvel essai avec pip, plus lent…")
    else:
        say("uv n’est pas disponible : installation avec pip, plus lente (une à deux minutes)…")
    return subprocess.run([*pip, requirements], check=False, cwd=PROJECT).returncode == 0  # noqa: S603


def uv_environment() -> dict[str, str]:
    """Tell uv where pip was told to look; what is set for uv itself wins."""
    listing = subprocess.run(  # noqa: S603
        [VENV_PYTHON, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    ).stdout
    found: dict[str, str] = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        name = PIP_TO_UV.get(key.rpartition(".")[2])
        words = value.strip("'\"").replace("\\n", " ").split()
        if name and words:
            found[name] = (" " if name == "UV_INDEX" else ",").join(words)
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # what pip does; the pinned hashes make it safe
    return found | dict(os.environ)


if __name__ == "__main__":
    sys.exit(main(PROJECT / sys.argv[1]))
