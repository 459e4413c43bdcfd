"""Seeded ways to spoil a document: as bytes, as JSON, as XML, as a table."""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from typing import Any

TEXTS = (
    "", " ", "\t", "0", "-0", "-1", "1e999", "NaN", "Infinity", "null", "None", "true", "12,34,56",
    "99999999999999999999999999", "-99999999999999999999.99", "1.005", "0x10", "1_000",
    "\u0663\u066b\u0665",
    "2026-02-30", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "31.12.1899 00:00:00 UTC",
    "2026-10-25T02:30:00", "=HYPERLINK(\"x\")", "@SUM(1)", "'; DROP TABLE intent; --",
    "<script>alert(1)</script>", "../../../../etc/passwd", "file:///etc/passwd", "%s%n{0}{x}",
    "\u202eedoc", "e\u0301\u0327", "😀" * 40, "\x00", "\x1b[31m", "a\r\nb: c", "\ufeff", "\ud800",
    "XQX", "eur", "ZZ", "A" * 5_000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, -(10**30), 1.5, [], {}, [[]], [None], {"": ""}, [{}, {}],
    {"amount": None}, {"currencyCode": "EUR", "amount": "1e400"}, [[[[[[]]]]]],
)  # fmt: skip


def spoiled_bytes(rng: random.Random, good: bytes) -> bytes:
    """Good bytes with one to four accidents."""
    data = bytearray(good)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 2, 8, 64, 512)))
        kind = rng.randrange(9)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = data[at:end]
        elif kind == 3:
            data[at:at] = rng.randbytes(rng.choice((1, 3, 40)))
        elif kind == 4 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 5:
            data[at:at] = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
        elif kind == 6:
            data[at:end] = bytes(end - at)
        elif kind == 7:
            data = bytearray(bytes(data).swapcase())
        else:
            text = bytes(data).decode("utf-8", "replace")
            data = bytearray(text.encode(rng.choice(("utf-16", "cp1252", "utf-8-sig")), "replace"))
    return bytes(data)


def spoiled_json(rng: random.Random, good: bytes) -> bytes:
    """Good JSON with one to five values replaced, removed, doubled or put elsewhere."""
    value = json.loads(good)
    for _ in range(rng.randint(1, 5)):
        _spoil_value(rng, value)
    return json.dumps(value).encode()


def _spoil_value(rng: random.Random, value: Any) -> None:
    node = value
    for _ in range(rng.randint(1, 9)):
        inner = list(node.values()) if isinstance(node, dict) else node
        deeper = [one for one in inner if isinstance(one, dict | list) and one]
        if not deeper:
            break
        node = rng.choice(deeper)
    keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
    if not keys:
        return
    key = rng.choice(keys)
    kind = rng.randrange(6)
    if kind == 0:
        del node[key]
    elif kind == 1:
        node[key] = rng.choice(VALUES)
    elif kind in (2, 3):
        node[key] = rng.choice(TEXTS)
    elif kind == 4:
        node[key] = [node[key], node[key]]
    elif isinstance(node, dict):
        node[rng.choice(TEXTS)] = node[key]
    else:
        node.append(node[key])


def spoiled_xml(rng: random.Random, good: bytes) -> bytes:
    """Good XML with texts, elements, names or the prologue changed."""
    text = good.decode()
    for _ in range(rng.randint(1, 3)):
        leaves = list(re.finditer(r"<([\w:]+)(?: [^<>]*)?>([^<>]*)</\1>", text))
        if not leaves:
            break
        leaf = rng.choice(leaves)
        name, whole = leaf.group(1), leaf.group(0)
        told = rng.choice(TEXTS).encode("utf-8", "ignore").decode()
        escaped = told.replace("&", "&amp;").replace("<", "&lt;").replace("\x00", "&#0;")
        replaced = rng.choice(
            (
                "",
                whole * 2,
                whole * 200,
                f"<{name}>{escaped}</{name}>",
                f"<{name}>{escaped}",
                f"<{name} xsi:nil='true'/>",
                f"<{name}><{name}>{escaped}</{name}></{name}>",
                f"<Strange>{escaped}</Strange>",
                f"<![CDATA[{told}]]>",
                whole.replace(name, name.swapcase()),
                f"<!-- {whole} -->",
                f"&{name};",
            )
        )
        text = text[: leaf.start()] + replaced + text[leaf.end() :]
    if rng.random() < 0.1:
        dtd = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "&a;&a;&a;">]>'
        text = re.sub(r"^(<\?xml[^>]*\?>)?", lambda found: (found.group(0) or "") + dtd, text)
    return text.encode("utf-8", "replace")


def spoiled_table(rng: random.Random, good: bytes) -> bytes:
    """A good tab-separated file with cells, rows or columns changed."""
    rows = [line.split("\t") for line in good.decode("cp1252").split("\n")]
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(rows))
        column = rng.randrange(len(rows[at]))
        kind = rng.randrange(9)
        if kind < 3:
            rows[at][column] = rng.choice(TEXTS)
        elif kind == 3 and len(rows) > 1:
            del rows[at]
        elif kind == 4:
            rows.insert(rng.randrange(len(rows)), list(rows[at]))
        elif kind == 5:
            del rows[at][column]
        elif kind == 6:
            rows[at].insert(column, rng.choice(TEXTS))
        elif kind == 7:
            rows = [row[:column] + row[column + 1 :] for row in rows]
        else:
            rows[at][column] = rows[at][column].replace(".", ",")
        rows = [row for row in rows if row] or [[""]]
    return "\n".join("\t".join(row) for row in rows).encode("utf-8", "surrogatepass")


def spoiled_gzip(rng: random.Random, plain: bytes) -> bytes:
    """A gzip stream that is damaged, or several, or none."""
    good = gzip.compress(plain, mtime=0)
    kind = rng.randrange(9)
    if kind == 0:
        return good[: rng.randrange(len(good))]
    if kind == 1:
        return good[:-8] + rng.randbytes(8)
    if kind == 2:
        return good + rng.randbytes(rng.randint(1, 400))
    if kind == 3:
        return good + gzip.compress(plain[: rng.randrange(len(plain) + 1)], mtime=0)
    if kind == 4:
        return plain[: rng.randrange(len(plain) + 1)]
    if kind == 5:
        return gzip.compress(good, mtime=0)
    if kind == 6:
        return zlib.compress(plain)
    if kind == 7:
        return good[: rng.randint(1, 12)] + rng.randbytes(rng.randint(0, 80))
    return spoiled_bytes(rng, good)
