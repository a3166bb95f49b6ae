"""Patient codes: what is issued, what is refused, what is found in a sentence."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.codes import (
    ALPHABET,
    check_character,
    distance,
    find,
    issuable,
    issue,
    nearest,
    normalise,
    valid,
)

SEEDS = st.integers(0, 2**32)


def an_issued_code(seed: int) -> str:
    return issue("TLS", Random(seed).randrange, set())


def draws(letters: str) -> Callable[[int], int]:
    waiting = iter(letters)
    return lambda n: ALPHABET.index(next(waiting))


@pytest.mark.parametrize(
    ("three", "check"), [("222", "2"), ("7K4", "Z"), ("ABC", "H"), ("ZZZ", "5")]
)
def test_check_character_is_luhn_mod_30(three: str, check: str) -> None:
    assert check_character(three) == check


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("TLS-7K4Z", True),
        ("7K4Z", True),
        ("TLS-7K4Q", False),
        ("TLS-K74Z", False),
        ("tls-7K4Z", False),
        ("TLS7K4Z", False),
        ("TLS-7K4", False),
        ("TLS-7K4O", False),
        ("", False),
    ],
)
def test_only_a_canonical_code_with_its_check_is_valid(code: str, right: bool) -> None:
    assert valid(code) is right


@given(SEEDS, st.integers(0, 3), st.sampled_from(ALPHABET))
def test_a_wrong_character_is_never_another_patient(seed: int, place: int, other: str) -> None:
    code = an_issued_code(seed)
    four = code[4:]
    mistyped = f"TLS-{four[:place]}{other}{four[place + 1 :]}"

    assert valid(mistyped) is (mistyped == code)


@given(SEEDS, st.integers(0, 2))
def test_two_neighbours_swapped_are_never_another_patient(seed: int, place: int) -> None:
    code = an_issued_code(seed)
    four = code[4:]
    swapped = f"TLS-{four[:place]}{four[place + 1]}{four[place]}{four[place + 2 :]}"

    assert valid(swapped) is (swapped == code)


@pytest.mark.parametrize(
    "four",
    [
        *("2345", "9H45", "22H4", "22HR", "25MG", "234G", "2EME", "J365", "CAFE", "AVEC"),
        *("WQXT", "2Z7K", "7Z2K", "7K2Z", "7KZ2"),
    ],
)
def test_what_reads_otherwise_is_not_issued(four: str) -> None:
    assert not issuable(four)


@pytest.mark.parametrize("four", ["7K4Z", "A2B3", "Z7K2", "M2RD", "4VNC"])
def test_a_plain_code_is_issued(four: str) -> None:
    assert issuable(four)


def test_a_taken_code_is_drawn_again() -> None:
    assert issue("MPL", draws("7K4" + "A3B"), {"MPL-7K4Z"}) == f"MPL-A3B{check_character('A3B')}"


def test_a_word_is_drawn_again() -> None:
    assert issue("TLS", draws("222" + "7K4"), set()) == "TLS-7K4Z"


def test_a_draw_that_gives_nothing_is_a_fault_and_not_a_loop() -> None:
    with pytest.raises(ValueError, match="no free code for TLS"):
        issue("TLS", lambda n: 0, set())


@given(SEEDS)
def test_an_issued_code_is_found_bare_in_a_sentence(seed: int) -> None:
    four = an_issued_code(seed)[4:]

    assert find(f"où en est {four.lower()} ?") == (four,)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("tls7k4q", "TLS-7K4Q"),
        ("TLS 7K4Q", "TLS-7K4Q"),
        ("TLS-7K4Q", "TLS-7K4Q"),
        ("  #tls – 7k4q ", "TLS-7K4Q"),
        ("7k4q", "7K4Q"),
        ("7 k 4 q", "7K4Q"),
        ("HBMD", "HBMD"),
        ("7K4O", None),
        ("7K41", None),
        ("7K4", None),
        ("7K4QQ", None),
        ("ÉLS-7K4Q", None),
        ("", None),
    ],
)
def test_a_typed_code_is_brought_to_its_form_and_never_guessed(
    typed: str, code: str | None
) -> None:
    assert normalise(typed) == code


@pytest.mark.parametrize(
    ("sentence", "codes"),
    [
        ("où en est 7k4q", ("7K4Q",)),
        ("des nouvelles de tls 3fhx ?", ("TLS-3FHX",)),
        ("MPL-9TBW il en est où", ("MPL-9TBW",)),
        ("sortie de TLS WQXT effectuée", ("TLS-WQXT",)),
        ("tls-hbmd, puis tls7k4q.", ("TLS-HBMD", "TLS-7K4Q")),
        ("on vient de recevoir les car t de mpl 6 c f v", ("MPL-6CFV",)),
        ("6cfv et jt82, et 6CFV", ("6CFV", "JT82")),
        ("7K4Q, je veux dire TLS-7K4Q", ("TLS-7K4Q",)),
        ("TLS-7K4Q : 7k4q", ("TLS-7K4Q",)),
        ("patient BOR-7K4Q", ("BOR-7K4Q",)),
        ("irm fk2t faite", ("FK2T",)),
        ("aphérèse 7K4Q faite à 9h45", ("7K4Q",)),
        ("qw3j desature 88% sous 3L à J+3", ("QW3J",)),
        ("hbmd est rentré", ()),
        ("adressé à TLS avec sa femme", ()),
        ("envoyé à TLS a b c d", ()),
        ("TLS 2345", ()),
        ("pré-2ABC", ("2ABC",)),
        ("à 9h45, 25mg, 2eme jour, 22h", ()),
        ("x7K4Q 7K4Qx", ()),
        ("", ()),
    ],
)
def test_codes_are_found_by_their_shape(sentence: str, codes: tuple[str, ...]) -> None:
    assert find(sentence) == codes


def test_another_network_has_other_centres() -> None:
    assert find("lyo wqxt et tls wqxt", {"LYO"}) == ("LYO-WQXT",)
    assert find("tls wqxt ou 7k4q", ()) == ("7K4Q",)


@pytest.mark.parametrize(
    ("typed", "meant", "slips"),
    [
        ("7K4Z", "7K4Z", 0),
        ("7K4Q", "7K4Z", 1),
        ("K74Z", "7K4Z", 1),
        ("7K4", "7K4Z", 1),
        ("7KK4Z", "7K4Z", 1),
        ("K7Z4", "7K4Z", 2),
        ("ABCD", "7K4Z", 4),
        ("", "7K", 2),
        ("7K", "", 2),
    ],
)
def test_slips_are_counted_with_swaps(typed: str, meant: str, slips: int) -> None:
    assert distance(typed, meant) == slips


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("TLS-7K4Q", ("TLS-7K4Z", "MPL-7K5Z")),
        ("7k4o", ("TLS-7K4Z", "MPL-7K5Z")),
        ("mpl7k4z", ("MPL-7K5Z", "TLS-7K4Z")),
        ("TLS-7K4", ("TLS-7K4Z", "MPL-7K5Z")),
        ("ZZZZ", ()),
        ("", ()),
    ],
)
def test_the_nearest_patients_are_proposed_nearest_first(
    typed: str, proposed: tuple[str, ...]
) -> None:
    assert set(nearest(typed, ["TLS-A9BX", "MPL-7K5Z", "TLS-7K4Z"])) == set(proposed)


def test_the_same_centre_comes_first_and_three_are_enough() -> None:
    known = ["MPL-7K4A", "TLS-7K4D", "TLS-7K4C", "TLS-7K4B"]

    assert nearest("TLS-7K4Q", known) == ("TLS-7K4B", "TLS-7K4C", "TLS-7K4D")
    assert nearest("MPL-7K4Q", known, limit=1) == ("MPL-7K4A",)
    assert nearest("7K4Q", ["7K4Z"]) == ("7K4Z",)
