"""Orders and their items, as one text that all must agree on."""

import hashlib


def digest(pairs):
    pairs = {f"{order} {item}" for order, item in pairs}
    found = hashlib.sha256("\n".join(sorted(pairs)).encode()).hexdigest()[:16]
    return {"orders": len({pair.split()[0] for pair in pairs}), "items": found}
