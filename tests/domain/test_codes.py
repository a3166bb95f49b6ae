"""Patient codes: what is issued, what is refused, what is found in a sentence."""

from collections.abc import Callable
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.codes import (
    ALPHABET,
    called,
    candidates,
    check_character,
    distance,
    every_four,
    find,
    first,
    issuable,
    meant,
    normalise,
    valid,
)

SEEDS = st.integers(0, 2**32)


def an_issued_code(seed: int) -> str:
    return f"TLS-{candidates(Random(seed).randrange, 1)[0]}"


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


def test_a_word_is_drawn_again() -> None:
    assert candidates(draws("222" + "7K4"), 1) == ["7K4Z"]


def test_what_was_drawn_twice_is_one_candidate() -> None:
    assert candidates(draws("7K4" + "7K4" + "A3B"), 2) == ["7K4Z", f"A3B{check_character('A3B')}"]


def test_a_draw_that_always_fails_ends() -> None:
    assert candidates(lambda n: 0, 1) == []


@given(SEEDS)
def test_candidates_are_as_many_as_were_asked_and_all_different(seed: int) -> None:
    drawn = candidates(Random(seed).randrange, 16)

    assert len(set(drawn)) == 16
    assert set(drawn) <= EVERY


EVERY = frozenset(every_four())


def test_every_code_that_may_be_issued_is_known_in_order() -> None:
    fours = list(every_four())

    assert len(fours) == len(EVERY) == 18_632
    assert all(valid(four) and issuable(four) for four in fours)
    assert [ALPHABET.index(four[0]) for four in fours] == sorted(
        ALPHABET.index(four[0]) for four in fours
    )


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
    ("typed", "slips", "four"),
    [
        ("TLS-7K4Z", 0, "7K4Z"),
        ("TLS-7K4Q", 1, "7K4Z"),
        ("7k4o", 1, "7K4Z"),
        ("mpl7k4q", 1, "7K4Z"),
        ("TLS-7K4", 1, "7K4Z"),
        ("7kk4z", 1, "7K4Z"),
        ("K74Z", 1, "7K4Z"),
        ("tls 7 k 4 q", 1, "7K4Z"),
        ("K7Z4", 2, "7K4Z"),
        ("7K5O", 2, "7K4Z"),
    ],
)
def test_a_slip_of_typing_leads_to_what_was_meant(typed: str, slips: int, four: str) -> None:
    assert four in meant(typed, slips)
    assert slips == 0 or four not in meant(typed, slips - 1)


@pytest.mark.parametrize("typed", ["", "7K", "7K4ZZZ", "où en est-on ?", "9" * 500])
def test_what_is_too_short_or_too_long_means_nobody(typed: str) -> None:
    assert meant(typed, 2) == []


VALID = ["".join(three) + check_character("".join(three)) for three in product(ALPHABET, repeat=3)]


@settings(max_examples=10, deadline=None)
@given(st.text(ALPHABET + "OIL01", min_size=3, max_size=5))
def test_all_that_lie_one_slip_away_are_proposed_and_nothing_else(typed: str) -> None:
    assert set(meant(typed, 1)) == {four for four in VALID if distance(typed, four) <= 1}


@settings(max_examples=20, deadline=None)
@given(st.text(ALPHABET, min_size=3, max_size=5))
def test_what_is_proposed_is_valid_and_the_nearest_comes_first(typed: str) -> None:
    found = meant(typed, 2)

    assert all(valid(four) for four in found)
    assert found == sorted(found, key=lambda four: (distance(typed, four), four))
    assert set(meant(typed, 1)) <= set(found)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("aah7 svp", "AAH7"),
        ("TLS aah7 svp", "TLS-AAH7"),
        ("aah 7 svp", "AAH7"),
        ("aah7 convulse", "AAH7"),
        ("svp aah7", "AAH7"),
        ("lit aah7 convulse", "AAH7"),
        ("BOR-AAH7 svp", "BOR-AAH7"),
        ("TLS 7K4", "TLS 7K4"),
    ],
)
def test_the_code_of_a_command_is_the_first_that_is_right(typed: str, expected: str) -> None:
    assert first(typed.split()) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ()),
        ("svp", ()),
        ("aide moi", ()),
        ("chambre 12 convulse", ()),
        ("25mg", ()),
        ("7K4Q", ("7K4Q",)),
        ("7K4 convulse", ("7K4",)),
        ("7 K 4 Q", ("7 K 4 Q",)),
        ("7K4Q et TLS-AAH7", ("7K4Q", "TLS-AAH7")),
        ("tls-7k4q, 7K4Q", ("TLS-7K4Q",)),
        ("AAH7 svp", ("AAH7",)),
        ("mme AAH7 et TLS-7K4Q", ("AAH7", "TLS-7K4Q")),
        # What is not surely a patient beside one who is, may be a score.
        ("mme AAH7 et 7K4Q", ("AAH7",)),
    ],
)
def test_a_call_for_help_names_each_patient_once_or_nobody(
    typed: str, expected: tuple[str, ...]
) -> None:
    assert called(typed.split()) == expected
