"""How a checklist asks for the hour that starts a product's clock."""

from dataclasses import replace

import pytest

from bot.cards import steps as cards
from bot.domain.message import Text
from bot.domain.record import Record
from tests.domain.builders import BEFORE_THAW, PRODUCTS, a_record, filled


def a_thaw(product: str) -> Record:
    record = a_record("2026-04-27T09:05", BEFORE_THAW)
    record.product = PRODUCTS[product]
    return record


def labels(record: Record, slug: str) -> list[object]:
    """What each item is called: in the lines of the checklist, then on its buttons."""
    step = record.steps[slug]
    rows = cards.checklist(record, step).keyboard
    named: list[object] = [
        button.label.values["label"]
        for row in rows
        for button in row
        if isinstance(button.label, Text) and "label" in button.label.values
    ]
    lines: list[object] = [line.values["label"] for line in cards.describe(record, step)]
    return lines + named


def keys(found: list[object]) -> set[str]:
    return {each.key for each in found if isinstance(each, Text)}


@pytest.mark.parametrize(
    ("product", "since"),
    [("abecma", "thaw_start"), ("yescarta", "thaw_end"), ("breyanzi", "removal")],
)
def test_the_hour_is_asked_of_the_instant_from_which_the_label_counts(
    product: str, since: str
) -> None:
    record = a_thaw(product)

    before = labels(record, "decongelation")
    filled(record, "decongelation")
    after = labels(record, "decongelation")

    assert keys(before) == keys(after) == {f"item.stability_from.{since}"}
    assert not any("stabilité" in str(label) for label in before + after)


def test_other_items_keep_the_name_that_the_pathway_gives_them() -> None:
    record = a_thaw("breyanzi")

    assert keys(labels(record, "injection")) == set()
    assert "Deux identités vérifiées" in labels(record, "decongelation")


def test_where_the_label_was_not_read_the_pathways_own_name_is_kept() -> None:
    record = a_thaw("breyanzi")
    record.product = replace(PRODUCTS["breyanzi"], stability_from=None)

    assert keys(labels(record, "decongelation")) == set()
