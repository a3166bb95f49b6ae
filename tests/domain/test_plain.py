"""Dataclasses go to plain values and back; what is wrong is named and located."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plain import Misread, Path, read, write
from bot.domain.roles import Team


@dataclass(frozen=True)
class Inner:
    at: time
    wait: timedelta = timedelta()


@dataclass(frozen=True)
class Outer:
    team: Team
    n: int = 0
    yes: bool = False
    maybe: int | None = None
    pair: tuple[int, str] = (0, "")
    inner: tuple[Inner, ...] = ()


OUTERS = st.builds(
    Outer,
    team=st.sampled_from(Team),
    n=st.integers(),
    yes=st.booleans(),
    maybe=st.none() | st.integers(),
    pair=st.tuples(st.integers(), st.text()),
    inner=st.lists(
        st.builds(
            Inner,
            at=st.builds(time, st.integers(0, 23), st.integers(0, 59)),
            wait=st.builds(timedelta, minutes=st.integers(0, 10_000)),
        ),
        max_size=3,
    ).map(tuple),
)


@given(OUTERS)
def test_what_is_written_is_read_back(outer: Outer) -> None:
    assert read(Outer, write(outer)) == outer


@pytest.mark.parametrize(
    ("wait", "written"),
    [
        (timedelta(), "0 min"),
        (timedelta(minutes=30), "30 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=30), "2 h 30 min"),
    ],
)
def test_durations_are_written_as_people_read_them(wait: timedelta, written: str) -> None:
    assert write(wait) == written
    assert read(timedelta, written) == wait


@pytest.mark.parametrize(
    ("value", "path", "said"),
    [
        ({}, (), "'team' is missing"),
        ({"team": "efs", "nn": 1}, ("nn",), "unknown key 'nn'"),
        ({"team": "eff"}, ("team",), "'team' cannot be 'eff' (one of: efs, pharmacie, greffe"),
        ({"team": 3}, ("team",), "'team' must be a text, not 3"),
        ({"team": "efs", "n": "1"}, ("n",), "'n' must be a whole number, not '1'"),
        ({"team": "efs", "n": True}, ("n",), "'n' must be a whole number, not True"),
        ({"team": "efs", "yes": 1}, ("yes",), "'yes' must be true or false, not 1"),
        ({"team": "efs", "maybe": "x"}, ("maybe",), "'maybe' must be a whole number, not 'x'"),
        ({"team": "efs", "pair": [1]}, ("pair",), "'pair' must have 2 values, not 1"),
        ({"team": "efs", "inner": "x"}, ("inner",), "'inner' must be a list, not 'x'"),
        ({"team": "efs", "inner": [3]}, ("inner", 0), "'inner' must be a table, not 3"),
        ({"team": "efs", "inner": [{"at": "8:00"}]}, ("inner", 0, "at"), "'at' cannot be '8:00'"),
        (
            {"team": "efs", "inner": [{"at": "08:00"}, {"at": "08:00", "wait": "2h"}]},
            ("inner", 1, "wait"),
            "'wait' cannot be '2h'",
        ),
        ({"team": "efs", "inner": [{"at": "08:00", "wait": ""}]}, ("inner", 0, "wait"), "cannot"),
        (3, (), "'it' must be a table, not 3"),
    ],
)
def test_a_wrong_value_is_named_and_located(value: Any, path: Path, said: str) -> None:
    with pytest.raises(Misread) as caught:
        read(Outer, value)

    assert caught.value.path == path
    assert said in str(caught.value)
