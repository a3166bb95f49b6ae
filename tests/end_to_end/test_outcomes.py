"""Delivered, or known not to be: what somebody must have been told when a message goes astray."""

import pytest

from tests.end_to_end.ground import (
    AGAIN,
    NUMBER,
    PERHAPS_AGAIN,
    REQUEST,
    Ground,
    eventually,
    measured,
)

ICU = ("reanimation", "roche", "hugo")
"""Where the intensive care unit reads: its group, and each of it in private."""
CALL, NOBODY, RECEIVED = "🚨 ALERTE", "PERSONNE JOINT", "Reçue par la réanimation"
TOLD_WITHIN = 10.0
LOST, PATIENT = "ne reçoit plus rien", "nouveau patient"


# A group that becomes a supergroup


def test_a_supergroup_that_was_met_before_its_news_hears_the_next_alert(any_place: Ground) -> None:
    code = any_place.town.enrol(REQUEST)

    any_place.client.migrate("reanimation", "join_first")
    any_place.client.until_quiet()
    any_place.alert(code)

    assert_everybody_heard(any_place)
    assert not [said for said in any_place.texts("claire") if LOST in said]


def test_a_supergroup_that_was_bound_before_its_news_holds_up_no_alert(any_place: Ground) -> None:
    code = any_place.town.enrol(REQUEST)

    any_place.client.migrate("reanimation", "join_only")
    any_place.town.say("claire", "/rattacher reanimation", "reanimation")
    any_place.alert(code)

    assert_everybody_heard(any_place)


def test_a_supergroup_of_which_only_a_refusal_tells_hears_the_alert(place: Ground) -> None:
    code = place.town.enrol(REQUEST)

    place.client.migrate("reanimation", "join_only")
    place.client.until_quiet()
    place.alert(code)

    assert_everybody_heard(place)


def assert_everybody_heard(place: Ground) -> None:
    """The unit, the coordination, the author of it; and nothing is left on its way."""
    assert place.heard("reanimation", CALL)
    assert place.heard("claire", CALL)
    assert place.heard("greffe", RECEIVED)
    assert eventually(lambda: place.health()["code"] == 200)
    assert place.health()["outbox"].get("pending", 0) == 0


# A connection that is cut after the message arrived


def test_what_may_have_arrived_is_sent_again_and_says_so(any_place: Ground) -> None:
    any_place.cut_off("cut_after", "reanimation", count=1)
    code = any_place.town.enrol(REQUEST)
    plain, marked = twice(any_place, PATIENT)
    assert marked == PERHAPS_AGAIN + plain

    any_place.cut_off("cut_after", "reanimation", count=1)
    any_place.alert(code)
    plain, marked = twice(any_place, CALL)
    assert marked == AGAIN + plain
    assert any_place.heard("greffe", RECEIVED)


def twice(place: Ground, words: str) -> list[str]:
    """What the unit was told with these words, as soon as it was told twice."""
    eventually(lambda: len(place.heard("reanimation", words)) > 1)
    return place.heard("reanimation", words)


# Nobody is reached


def test_an_alert_that_reached_nobody_tells_its_author_whom_to_telephone(
    any_place: Ground,
) -> None:
    code = any_place.town.enrol(REQUEST)
    any_place.cut_off("500", *ICU, "claire")

    any_place.alert(code)
    any_place.client.advance(seconds=10)

    card = any_place.heard("greffe", NOBODY)[-1]
    assert NUMBER in card
    assert RECEIVED not in card
    any_place.client.clear_faults()
    assert any_place.heard("reanimation", CALL)
    assert any_place.heard("greffe", RECEIVED)
    assert eventually(lambda: not [s for s in any_place.texts("greffe") if NOBODY in s])


@pytest.mark.faults
def test_an_alert_that_hangs_on_its_way_tells_its_author_within_ten_seconds(
    any_place: Ground,
) -> None:
    code = any_place.town.enrol(REQUEST)
    any_place.cut_off("delay", *ICU, "claire", delay_s=15)
    any_place.client.run()

    any_place.client.say("sofia", f"/alerte {code}", "greffe")

    with measured("from an alert that hangs to whom its author must telephone"):
        assert NUMBER in any_place.heard("greffe", NOBODY, TOLD_WITHIN)[-1]
    assert any_place.heard("reanimation", CALL)
    assert any_place.heard("greffe", RECEIVED)


def test_a_closed_topic_is_told_to_the_coordination_and_the_alert_goes_to_each(
    place: Ground,
) -> None:
    code = place.town.enrol(REQUEST)
    place.client.migrate("reanimation")
    place.client.close_topic("reanimation")
    place.client.until_quiet()

    place.alert(code)

    assert place.heard("claire", LOST)
    for person in ICU[1:]:
        assert place.heard(person, CALL)
    assert place.heard("greffe", RECEIVED)
