"""Flat files of requested reports: a header, and a line per row whatever stands in its cells."""

from collections.abc import Iterator

from coupling_sandbox.amazon.order_reports import table


def test_a_tab_or_a_line_break_in_a_cell_breaks_no_row():
    rows = [{"a": "x\ty", "c": "1"}, {"a": "z\n", "b": "\n\t"}, {"b": "plain"}]
    assert table(("a", "b", "c"), rows) == "a\tb\tc\nx y\t\t1\nz \t  \t\n\tplain\t\n"


def test_a_cell_of_another_kind_is_written_as_text():
    rows: list[dict] = [{"a": 7, "b": None}, {"a": 7, "b": ["x\ty"]}]
    assert table(("a", "b"), rows) == "a\tb\n7\tNone\n7\t['x\\ty']\n"


def test_a_ragged_file_ends_rows_at_their_last_value():
    rows = [{"a": "1", "c": ""}, {"b": "2"}]
    assert table(("a", "b", "c"), rows, "\r\n", ragged=True) == "a\tb\tc\r\n1\r\n\t2\r\n"


def test_no_rows_are_no_file():
    assert table(("a",), []) == ""


def test_rows_are_taken_one_by_one():
    held: list[int] = []

    class Row(dict):
        def __init__(self) -> None:
            super().__init__(a="1")
            held.append(1)

        def __del__(self) -> None:
            held.pop()

    most = 0

    def rows() -> Iterator[Row]:
        nonlocal most
        for _ in range(100):
            yield Row()
            most = max(most, len(held))

    assert table(("a",), rows()).count("\n") == 101
    assert most <= 2
