from __future__ import annotations

import gc

import pytest

from vai_inspect.core.gc_paused import paused


@pytest.fixture(autouse=True)
def _as_before():
    yield
    gc.enable()


def test_it_stands_still_and_goes_on_even_after_an_error():
    with paused():
        assert not gc.isenabled()
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), paused():
        raise KeyError
    assert gc.isenabled()


def test_where_the_user_has_stopped_it_it_stays_so():
    gc.disable()
    with paused():
        pass
    assert not gc.isenabled()


def test_it_decorates_a_function_that_is_called_more_than_once():
    @paused()
    def enabled(wanted):
        return wanted, gc.isenabled()

    assert enabled("a") == ("a", False)
    assert enabled("b") == ("b", False)
    assert gc.isenabled()
