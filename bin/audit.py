"""Look for known flaws in the pinned packages, or say plainly that the network here does not let anybody look."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# It holds everything that runs the site, and what checks it.
LISTED = Path(__file__).resolve().parent.parent / "requirements-dev.txt"


def main() -> int:
    """Print the flaws found; 1 when there are any."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip_audit",
        "--require-hashes",
        "--disable-pip",
        "-f",
        "json",
        "-r",
        LISTED,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 — our own program
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        say(f"Le réseau d’ici ne permet pas de consulter la base des failles :\n{done.stderr.strip()[-300:]}")
        return 0
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if len(unknown) == len(packages):
        say("Le registre joint d’ici ne dit rien des failles : aucun paquet n’a pu être vérifié.")
        return 0
    flawed = [package for package in packages if package.get("vulns")]
    for package in flawed:
        for flaw in package["vulns"]:
            fixed = ", ".join(flaw["fix_versions"]) or "aucune version"
            say(f"{package['name']} {package['version']} : {flaw['id']}, corrigé dans {fixed}")
    checked = len(packages) - len(unknown)
    say(f"{checked} paquets vérifiés, {len(flawed)} avec une faille connue.")
    if unknown:
        say(f"Non vérifiés : {', '.join(unknown)}.")
    return 1 if flawed else 0


def say(sentence: str) -> None:
    """Print one point."""
    print(f"• {sentence}")  # noqa: T201 — this is a command


if __name__ == "__main__":
    sys.exit(main())
