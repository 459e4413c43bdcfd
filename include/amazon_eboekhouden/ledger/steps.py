"""The points between two side effects, named so that a crash can be placed at each of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """Something has just become true, in the store or at the service.

    Attributes:
        name: planned, leased, listed, learned, ready, armed, sent, settled, swept,
            probed, judged, resolved, released.
        op_key: the operation concerned, "" if none.
    """

    name: str
    op_key: str = ""
