"""Runs an expectation suite over a frame and says which rows failed which rule.

great-expectations is imported here and only when a frame is checked: the import costs seconds.
A frame is first asked whether it keeps every expectation, which is nearly always so and all that
need be known then. Only when it does not are the rows asked for: named by their key columns, and
the *full* list of them (the partial one is cut at twenty, which would let the twenty-first bad row
through).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

# A suite is a function that gets the great_expectations module and returns its expectations.
Suite = Callable[[Any], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that one row breaks."""

    key: tuple[str, ...]
    rule: str
    found: str


def failures(frame: pd.DataFrame, name: str, suite: Suite, key: Sequence[str]) -> list[Failure]:
    """Every (row, rule) that fails, in the order of the rules.

    Args:
        frame: a frame that keeps its contract (`domain.frames`).
        name: name of the suite, for the results.
        suite: the expectations.
        key: columns that name a row.
    """
    if frame.empty or _metrics_of(suite).keeps(frame):
        return []
    gx = great_expectations()
    context = _context()
    if name not in {source.name for source in context.data_sources.all().values()}:
        asset = context.data_sources.add_pandas(name).add_dataframe_asset("frame")
        batches = asset.add_batch_definition_whole_dataframe("all")
        expectations = gx.ExpectationSuite(name=name, expectations=list(suite(gx)))
        context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=batches, suite=context.suites.add(expectations))
        )
    result = context.validation_definitions.get(name).run(
        batch_parameters={"dataframe": frame},
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": list(key)},
    )
    # It keeps every result, for pages that nobody makes: a process that lives long would grow.
    for kept in context.validation_results_store.list_keys():
        context.validation_results_store.remove_key(kept)
    return [failure for check in result.results for failure in _failures_of(check, key)]


class _Metrics:
    """What the expectations of a suite ask of a frame, worked out once for every frame to come."""

    _ASKED: Mapping[str, Any] = {"result_format": {"result_format": "BOOLEAN_ONLY"}}
    _BATCH = "frame"

    def __init__(self, suite: Suite) -> None:
        from great_expectations.execution_engine.pandas_execution_engine import (
            PandasExecutionEngine,
        )
        from great_expectations.validator.metrics_calculator import MetricsCalculator

        self._engine = PandasExecutionEngine()
        self._calculator = MetricsCalculator(self._engine, show_progress_bars=False)
        self._expectations = list(suite(great_expectations()))
        self._graph = self._calculator.build_metric_dependency_graph(
            metric_configurations=[
                metric
                for expectation in self._expectations
                for metric in expectation.get_validation_dependencies(
                    execution_engine=self._engine, runtime_configuration=dict(self._ASKED)
                ).get_metric_configurations()
            ],
            runtime_configuration=dict(self._ASKED),
        )

    def keeps(self, frame: pd.DataFrame) -> bool:
        """Whether every row keeps every expectation; False also when one can't be evaluated."""
        self._engine.load_batch_data(self._BATCH, frame)
        found, aborted = self._calculator.resolve_validation_graph(
            graph=self._graph, runtime_configuration=dict(self._ASKED)
        )
        # The engine would hold on to the frame until it sees the next one.
        self._engine.load_batch_data(self._BATCH, frame.head(0))
        return not aborted and all(
            expectation.metrics_validate(
                metrics=found,
                execution_engine=self._engine,
                runtime_configuration=dict(self._ASKED),
            ).success
            for expectation in self._expectations
        )


@lru_cache(maxsize=16)
def _metrics_of(suite: Suite) -> _Metrics:
    _context()  # Expectations are registered once a context exists.
    return _Metrics(suite)


def _failures_of(check: Any, key: Sequence[str]) -> list[Failure]:
    if check.success:
        return []
    config = check.expectation_config
    columns = (
        config.kwargs.get("column")
        or config.kwargs.get("column_list")
        or (
            config.kwargs.get("column_A"),
            config.kwargs.get("column_B"),
        )
    )
    rule = (config.meta or {}).get("rule") or f"{config.type} on {columns}"
    rows = (check.result or {}).get("unexpected_index_list")
    if rows is None:
        # The rule itself could not be evaluated: that is a wrong program, never a passed check.
        raise RuntimeError(f"expectation {rule!r} was not evaluated: {check.exception_info}")
    return [
        Failure(
            tuple(str(row[name]) for name in key),
            rule,
            ", ".join(f"{n}={v}" for n, v in row.items() if n not in key),
        )
        for row in rows
    ]


@lru_cache(maxsize=1)
def great_expectations() -> Any:
    """The library itself; the first call takes seconds."""
    # It tells how it builds itself, hundreds of lines in the log of every task that validates.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx

    return gx


@lru_cache(maxsize=1)
def _context() -> Any:
    gx = great_expectations()  # First: it sets what is logged, also while the rest is imported.
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context
