"""A client that is not Python: npm's `soap`, installed for the test and driven over loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = "1.13.0"
SCRIPT = Path(__file__).with_name("soap_client.js")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", f"soap@{VERSION}"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not answer within two minutes")
    if done.returncode:
        pytest.skip(f"npm could not install soap: {done.stderr.decode()[-200:]}")
    return folder / "node_modules"


def test_npm_soap_books_an_invoice(modules, http, address):
    credentials = (
        "sandbox",
        "0123456789abcdef0123456789abcdef",
        "{A1B2C3D4-0000-4000-8000-000000000001}",
    )
    done = subprocess.run(
        [shutil.which("node"), SCRIPT, address, *credentials],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = json.loads(done.stdout)
    assert int(answers["relation"]["AddRelatieResult"]["Rel_ID"]) == 1
    assert int(answers["booked"]["AddMutatieResult"]["Mutatienummer"]) == 1
    [found] = answers["found"]["GetMutatiesResult"]["Mutaties"]["cMutatieList"]
    assert (found["Factuurnummer"], found["Omschrijving"]) == ("N-1", "from Node")
    [item] = answers["open"]["GetOpenPostenResult"]["Openposten"]["cOpenPost"]
    assert (item["RelBedrijf"], float(item["Openstaand"])) == ("Node & Zn", 121.0)
    error = answers["refused"]["AddRelatieResult"]["ErrorMsg"]
    assert error["LastErrorCode"] == "CREL001"
    assert answers["wrong"] == "soap:Client"
    assert [line["account"] for line in http.get("/control/journal").json()] == [
        "1300",
        "8000",
        "1630",
    ]
