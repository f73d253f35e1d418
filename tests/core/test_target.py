from __future__ import annotations

import pytest

from vai_inspect.core.target import Bank, Limit


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1-16", [1, 16], [0, 17]),
        ("3", [3], [2, 4]),
        ("1,2,3,5,7", [1, 5, 7], [4, 6, 8]),
        ("1-3,7", [1, 3, 7], [4, 6, 8]),
    ],
)
def test_limit_contains(text, inside, outside):
    limit = Limit.parse(text)
    assert str(limit) == text
    assert all(value in limit for value in inside)
    assert not any(value in limit for value in outside)


@pytest.mark.parametrize(
    ("text", "value", "nearest"),
    [
        ("1-16", 17, 16),
        ("1-16", 0, 1),
        ("1-16", 9, 9),
        ("3,5", 4, 3),
        ("1-3,7", 6, 7),
        ("1-3,7", 100, 7),
    ],
)
def test_limit_nearest(text, value, nearest):
    assert Limit.parse(text).nearest(value) == nearest


@pytest.mark.parametrize("text", ["", "a", "1-", "-3", "5-1", "1,,2"])
def test_limit_refuses(text):
    with pytest.raises(ValueError, match=".*"):
        Limit.parse(text)


def test_bank_bytes():
    assert Bank("CONVW", "Param", 16, 16, 16, 2048).bytes == 512 * 1024
    assert Bank("half", "Param", 0, 2, 16, 2048, word_bits=4).bytes == 32 * 1024
