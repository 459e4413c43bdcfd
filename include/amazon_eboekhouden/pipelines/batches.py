"""What the steps of a run hand to each other: the name of a manifest in the staging store.

Never a frame, never an amount, never a customer: task results are stored in clear.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from amazon_eboekhouden.adapters.staging import Staging
from amazon_eboekhouden.domain.frames import Frame
from amazon_eboekhouden.domain.problems import Problem


def write_manifest(staging: Staging, batch: str, name: str, content: dict[str, Any]) -> str:
    """Store a manifest and return its name."""
    return staging.write_bytes(batch, name, json.dumps(content, sort_keys=True).encode())


def read_manifest(staging: Staging, ref: str) -> dict[str, Any]:
    """The manifest back; its hash is checked by the store."""
    content: dict[str, Any] = json.loads(staging.read_bytes(ref))
    return content


def write_frames(
    staging: Staging, batch: str, frames: dict[str, tuple[Frame, pd.DataFrame]]
) -> dict[str, str]:
    """Store frames that keep their contracts; returns name to reference."""
    return {
        name: staging.write_frame(batch, name, contract.check(frame))
        for name, (contract, frame) in frames.items()
    }


def read_frame(
    staging: Staging, manifest: dict[str, Any], name: str, contract: Frame
) -> pd.DataFrame:
    """A frame of a manifest, checked against its contract."""
    return contract.check(staging.read_frame(manifest["frames"][name]))


def plain_problems(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Problems as they stand in a manifest."""
    return [{**problem.as_dict(), "order_id": problem.order_id} for problem in problems]


def problems_of(manifest: dict[str, Any]) -> list[Problem]:
    """The problems of a manifest."""
    return [Problem(**item) for item in manifest["problems"]]
