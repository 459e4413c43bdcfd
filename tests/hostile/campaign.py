"""Hostile documents by number: document N of seed S is always the same one."""

from __future__ import annotations

import gzip
import random
import resource
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.hostile import spoil
from tests.hostile.imposter import Answer
from tests.hostile.readers import REQUEST_ID, Finding, Readers, Verdict, pick

FAMILIES = ("soap_add", "soap_read", "orders_json", "settlement", "settlement_cut", "gzip")
READS = ("GetMutaties", "GetOpenPosten", "GetSaldi", "GetGrootboekrekeningen")
XML = (("content-type", "text/xml; charset=utf-8"),)
JSON = (("content-type", "application/json"), REQUEST_ID)
PAGES = (
    b"", b" ", b"<html><body>Onderhoud</body></html>", b"null", b"[]", b"{}", b'""', b"\x00" * 64,
    b'{"errors":[]}', b'{"errors":[{"code":1,"message":[]}]}', b'{"message":null}', b"<" * 5000,
    b"[" * 20_000, b'{"orders":{}}', b'{"orders":[null]}', b'{"orders":[1,"x"]}', b"\xff\xfe<\x00",
    b"<soap:Envelope/>", b"<?xml version='1.0'?>" + b"<a>" * 5000 + b"</a>" * 5000,
)  # fmt: skip
STATUSES = (200, 200, 200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 413, 429, 500, 503)
MOST_CPU_S = 1.0
MOST_MEMORY_MB = 150.0


@dataclass
class Tally:
    """What a campaign saw.

    Attributes:
        documents: per family and outcome.
        reasons: distinct reasons seen.
        findings: number of the document, family, and what a reader did wrong.
        slowest: CPU seconds and number of the slowest document.
        grown_mb: how much the process grew beyond its size at the start.
    """

    documents: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, str, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    grown_mb: float = 0.0


def run(readers: Readers, numbers: Iterator[int] | range, *, seed: int) -> Tally:
    """Give documents to the readers and note what they make of them."""
    tally = Tally()
    before = _peak_mb()
    for number in numbers:
        family = FAMILIES[number % len(FAMILIES)]
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - to be repeated, not to be secret
        started = time.process_time()
        try:
            verdict = _one(readers, family, rng)
            if verdict.outcome != "accepted" and not verdict.reason.strip():
                raise Finding(f"{verdict.outcome} without a reason")
        except Exception as error:  # noqa: BLE001 - any exception here is what is looked for
            tally.findings.append((number, family, f"{type(error).__name__}: {error}"[:300]))
            continue
        spent = time.process_time() - started
        tally.slowest = max(tally.slowest, (spent, number))
        tally.documents[family, verdict.outcome] += 1
        tally.reasons[f"{family}: {verdict.reason[:80]}"] += 1
    tally.grown_mb = _peak_mb() - before
    return tally


def _one(readers: Readers, family: str, rng: random.Random) -> Verdict:
    if family == "soap_add":
        return readers.soap_add(_soap(rng, pick(rng, readers.good["AddMutatie"])))
    if family == "soap_read":
        operation = rng.choice(READS)
        return readers.soap_read(operation, _soap(rng, pick(rng, readers.good[operation])))
    if family == "orders_json":
        return readers.orders(_json(rng, pick(rng, readers.good["orders"])))
    if family == "settlement":
        good = pick(rng, readers.good["settlement"])
        way = rng.choice((spoil.spoiled_table, spoil.spoiled_table, spoil.spoiled_bytes))
        return readers.settlement(way(rng, good))
    if family == "settlement_cut":
        return _cut(readers, rng, pick(rng, readers.good["settlement"]))
    return readers.document(_packed(rng, readers), is_gzip=rng.random() < 0.9)


def _soap(rng: random.Random, good: bytes) -> Answer:
    if rng.random() < 0.1:
        return Answer(rng.choice(PAGES), rng.choice(STATUSES), XML)
    way = rng.choice((spoil.spoiled_xml, spoil.spoiled_xml, spoil.spoiled_bytes))
    status = 200 if rng.random() < 0.9 else rng.choice(STATUSES)
    return Answer(way(rng, good), status, XML)


def _json(rng: random.Random, good: bytes) -> Answer:
    if rng.random() < 0.1:
        return Answer(rng.choice(PAGES), rng.choice(STATUSES), JSON)
    way = rng.choice((spoil.spoiled_json, spoil.spoiled_json, spoil.spoiled_bytes))
    status = 200 if rng.random() < 0.9 else rng.choice(STATUSES)
    headers = JSON if rng.random() < 0.95 else JSON[:1]
    return Answer(way(rng, good), status, headers)


def _cut(readers: Readers, rng: random.Random, good: bytes) -> Verdict:
    """A file that ends before its last amount is whole never closes."""
    at = rng.randrange(end_of_last_amount(good))
    verdict = readers.settlement(good[:at])
    if verdict.outcome != "refused":
        raise Finding(f"cut at byte {at} of {len(good)} and {verdict.outcome}")
    return verdict


def end_of_last_amount(file: bytes) -> int:
    """Where the last amount of a settlement file ends; what follows it is no money."""
    names, *_, last = file.rstrip(b"\n").split(b"\n")
    behind = last.split(b"\t")[names.split(b"\t").index(b"amount") + 1 :]
    return len(file.rstrip(b"\n")) - sum(1 + len(cell) for cell in behind)


def _packed(rng: random.Random, readers: Readers) -> Answer:
    plain = pick(rng, readers.good["settlement"])
    if rng.random() < 0.004:
        return Answer(gzip.compress(bytes(80 * 1024 * 1024), 9))
    status = 200 if rng.random() < 0.9 else rng.choice(STATUSES)
    return Answer(spoil.spoiled_gzip(rng, plain), status)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
