from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vai_inspect.reports.picture.columns import SHORTEST, TALLEST, arranged
from vai_inspect.reports.picture.rows import WIDEST, Item


def items(reads, parts=None, width=150.0, height=30.0):
    """Items that read these others."""
    read_by = [[] for _ in reads]
    for at, sources in enumerate(reads):
        for source in sources:
            read_by[source].append(at)
    parts = parts or [None] * len(reads)
    return [Item(*each, width, height) for each in zip(reads, read_by, parts)]


def columns(made):
    """The column of each item; what it reads must be above it."""
    layout = arranged(made)
    for at, item in enumerate(made):
        assert all(layout.row[source] < layout.row[at] for source in item.reads)
    return list(layout.column)


def chain(length):
    return [[]] + [[at] for at in range(length - 1)]


def test_a_short_graph_stands_in_one_column():
    assert set(columns(items(chain(38)))) == {0}
    assert set(columns(items(chain(42)))) == {0, 1}
    assert columns([]) == []


def test_columns_of_a_chain_are_of_like_height():
    column = columns(items(chain(400)))
    heights = [column.count(at) for at in range(1 + max(column))]
    assert len(heights) > 3
    assert max(heights) <= 1.5 * min(heights)


def test_a_column_begins_with_a_subgraph_where_it_can():
    parts = ["part{}".format(at // 35) for at in range(140)]
    column = columns(items(chain(140), parts))
    begins = [at for at in range(1, 140) if column[at] != column[at - 1]]
    assert begins
    assert all(at % 35 == 0 for at in begins)


def test_it_is_cut_where_few_tensors_pass():
    reads = chain(300)
    for at in range(0, 290, 10):  # residual blocks: an addition reads what came before the block
        reads[at + 10] = [at + 9, at]
    column = columns(items(reads))
    begins = [at for at in range(1, 300) if column[at] != column[at - 1]]
    assert begins
    assert {at % 10 for at in begins} == {1}


def test_columns_are_of_like_height_though_a_subgraph_ends_early():
    parts = ["early"] * 20 + ["late"] * 380
    column = columns(items(chain(400), parts))
    heights = [column.count(at) for at in range(1 + max(column))]
    assert max(heights) <= 1.7 * min(heights)


@pytest.mark.parametrize("join", [False, True])
def test_a_wide_row_is_wrapped(join):
    reads = [[]] + [[0]] * 150 + [list(range(1, 151))] * join
    made = items(reads)
    row = arranged(made).row
    for at in set(row):
        assert sum(item.width for item, of in zip(made, row) if of == at) <= WIDEST
    assert 150 * 150.0 / WIDEST < max(row) < 26


def test_constants_stand_above_what_reads_them_and_are_wrapped_upwards():
    constants = 40
    reads = chain(60) + [[]] * constants
    reads.append([59, *range(60, 60 + constants)])
    layout = arranged(items(reads))
    rows = [layout.row[at] for at in range(60, 60 + constants)]
    assert max(rows) == layout.row[-1] - 1
    assert 2 <= len(set(rows)) <= 8
    assert {layout.column[at] for at in range(60, 60 + constants)} == {layout.column[-1]}


@pytest.mark.parametrize("width", [0, 1, 12])
def test_one_item_that_is_higher_than_a_column(width):
    made = items([[]] * max(1, width), height=10 * TALLEST)
    assert set(columns(made)) == {0}


@given(
    st.lists(st.lists(st.integers(1, 12), max_size=3), max_size=120),
    st.floats(10, 2 * SHORTEST),
    st.floats(10, 2 * WIDEST),
)
def test_an_item_stands_in_the_column_of_what_it_reads_or_a_later_one(back, height, width):
    reads = [sorted({at - by for by in steps if by <= at}) for at, steps in enumerate(back)]
    column = columns(items(reads, height=height, width=width))
    assert all(column[s] <= column[at] for at, sources in enumerate(reads) for s in sources)
    assert sorted(set(column)) == list(range(len(set(column))))
