"""The gate before the ledger: what breaks an expectation becomes a problem, not a booking."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.expectations import mutation_lines, mutations, relations
from amazon_eboekhouden.expectations.validation import Failure, failures


@dataclass(frozen=True)
class Checked:
    """The rows that passed, and a problem per booking that did not."""

    mutations: pd.DataFrame
    mutation_lines: pd.DataFrame
    relations: pd.DataFrame
    problems: list[Problem]


def check(
    mutation_frame: pd.DataFrame, line_frame: pd.DataFrame, relation_frame: pd.DataFrame
) -> Checked:
    """Hold back every booking that breaks an expectation, and what depends on it.

    Args:
        mutation_frame: MUTATIONS.
        line_frame: MUTATION_LINES.
        relation_frame: RELATIONS.
    """
    found = [
        *failures(relation_frame, "relations", relations.suite, relations.KEY),
        *failures(
            mutations.with_sums(mutation_frame, line_frame),
            "mutations",
            mutations.suite,
            mutations.KEY,
        ),
        *failures(
            mutation_lines.with_differences(line_frame),
            "mutation_lines",
            mutation_lines.suite,
            mutation_lines.KEY,
        ),
    ]
    if not found:
        return Checked(mutation_frame, line_frame, relation_frame, [])
    refused = _with_dependents({failure.key[0] for failure in found}, mutation_frame)
    orders = {
        **dict(zip(mutation_frame["booking"], mutation_frame["order_id"], strict=True)),
        **dict(zip(relation_frame["booking"], relation_frame["order_id"], strict=True)),
    }
    return Checked(
        mutation_frame[~mutation_frame["booking"].isin(refused)],
        line_frame[~line_frame["booking"].isin(refused)],
        relation_frame[~relation_frame["booking"].isin(refused)],
        [_problem(failure, orders.get(failure.key[0], "")) for failure in found],
    )


def _problem(failure: Failure, order_id: str) -> Problem:
    row = f"order {order_id}" if order_id else failure.key[0]
    return problem(
        "expectation-failed",
        row,
        order_id=order_id,
        booking=" line ".join(failure.key),
        rule=failure.rule,
        found=failure.found,
    )


def _with_dependents(refused: set[str], mutation_frame: pd.DataFrame) -> set[str]:
    depends = {
        booking: set(names.split())
        for booking, names in zip(
            mutation_frame["booking"], mutation_frame["depends_on"], strict=True
        )
        if names
    }
    while True:
        more = {booking for booking, names in depends.items() if names & refused} - refused
        if not more:
            return refused
        refused = refused | more
