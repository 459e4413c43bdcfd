"""Virtual environments of the peers, apart from the product's: var/bench/."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / "var" / "bench"
PACKAGES = {
    "peers": (
        "python-amazon-sp-api==2.1.35",
        "tap-amazon-sp==0.1.1",
        "eboekhouden-python==0.4.2",
        "zeep==4.3.3",
        "beancount==3.2.3",
        "pandas==3.1.1",
    ),
    # Pins versions that go with nothing else; Python 3.10 or 3.11 only.
    "airbyte": ("airbyte-source-amazon-seller-partner==4.6.4",),
}


class NotInstalled(Exception):
    """A peer could not be installed; the text says why."""


def python_of(name: str) -> str:
    """The interpreter of a virtual environment, which is built at first use.

    Raises:
        NotInstalled: pip could not install it.
    """
    place = HOME / name
    ready = place / ".ready"
    if not ready.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        python = shutil.which("python3.11") or "python3"
        subprocess.run([python, "-m", "venv", str(place)], check=True)  # noqa: S603
        pip = [str(place / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(  # noqa: S603
            [*pip, *PACKAGES[name]], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotInstalled(done.stderr.strip().splitlines()[-1][:200])
        ready.touch()
    return str(place / "bin/python")
