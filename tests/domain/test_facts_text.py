"""The text of facts is canonical JSON: sorted, without blanks, in the letters as they are."""

from __future__ import annotations

import json
from typing import Any

from amazon_eboekhouden.domain.booked_invoice import facts_text
from hypothesis import given
from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(texts, values, max_size=5))
def test_it_is_what_the_standard_library_writes(facts: dict[str, Any]) -> None:
    written = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert facts_text(facts) == written
