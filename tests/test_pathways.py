"""The pathway files hold what the network decided, and a wrong edit is refused at its line."""

import json
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.domain.pathway import Anchor, ItemKind, ReadBack, Rung, StabilityFrom, StepDef
from bot.domain.roles import Team
from bot.pathways import FOLDER, PRODUCTS, from_json, load, load_products, to_json

PATHWAY = load("onco-occitanie")
SOURCE = (FOLDER / "onco-occitanie.toml").read_text(encoding="utf-8")


def edited(folder: Path, before: str, after: str) -> Path:
    """The bundled file with its first `before` replaced."""
    assert before in SOURCE
    file = folder / "local.toml"
    file.write_text(SOURCE.replace(before, after, 1), encoding="utf-8")
    return file


def line(wanted: str, nth: int = 0, source: str = SOURCE) -> int:
    found = [n for n, each in enumerate(source.splitlines(), 1) if each.startswith(wanted)]
    return found[nth]


def step_line(step_id: str) -> int:
    """The header of a step, just above its id."""
    return line(f'id = "{step_id}"') - 1


@pytest.mark.parametrize(
    ("step_id", "team", "anchor", "offset", "needs"),
    [
        ("rcp", "coordination", "RCP", 0, ()),
        ("consentement", "coordination", "RCP", 7, ("rcp",)),
        ("bilan_apherese", "efs", "AP", -7, ("rcp",)),
        ("apherese", "efs", "AP", 0, ("bilan_apherese", "consentement")),
        ("expedition", "efs", "AP", 1, ("apherese",)),
        ("arrivee_labo", "efs", "AP", 4, ("expedition",)),
        ("liberation_lot", "pharmacie", "J0", -12, ("arrivee_labo",)),
        ("reception_produit", "pharmacie", "J0", -8, ("liberation_lot",)),
        ("stockage_azote", "pharmacie", "J0", -8, ("reception_produit",)),
        ("consultation_neuro", "neurologie", "J0", -15, ()),
        ("irm", "neurologie", "J0", -14, ()),
        ("eeg", "neurologie", "J0", -14, ()),
        ("admission", "greffe", "J0", -6, ("stockage_azote",)),
        ("chimio_1", "greffe", "J0", -5, ("admission",)),
        ("chimio_2", "greffe", "J0", -4, ("chimio_1",)),
        ("chimio_3", "greffe", "J0", -3, ("chimio_2",)),
        (
            "feu_vert",
            "greffe",
            "J0",
            -1,
            ("chimio_3", "consultation_neuro", "irm", "eeg", "stockage_azote"),
        ),
        ("decongelation", "pharmacie", "J0", 0, ("feu_vert", "stockage_azote")),
        ("injection", "greffe", "J0", 0, ("decongelation",)),
        ("neuro_j3", "neurologie", "J0", 3, ("injection",)),
        ("neuro_j7", "neurologie", "J0", 7, ("injection",)),
        ("neuro_j14", "neurologie", "J0", 14, ("injection",)),
        ("sortie", "greffe", "J0", 15, ("injection",)),
        ("neuro_j28", "neurologie", "J0", 28, ("injection",)),
        ("fin_surveillance", "reanimation", "J0", 30, ("injection",)),
    ],
)
def test_a_step_has_its_team_its_day_and_what_it_waits_for(
    step_id: str, team: str, anchor: str, offset: int, needs: tuple[str, ...]
) -> None:
    step = PATHWAY.step(step_id)

    assert (step.team, step.anchor, step.offset, step.needs) == (team, anchor, offset, needs)


def test_the_pathway_has_no_other_step() -> None:
    assert len(PATHWAY.steps) == 25


def test_only_four_hours_are_not_noon() -> None:
    hours = {step.id: step.at for step in PATHWAY.steps if step.at != time(12)}
    delays = {step.id: step.delay for step in PATHWAY.steps if step.delay}

    assert hours == {
        "apherese": time(8),
        "feu_vert": time(14),
        "decongelation": time(9),
        "injection": time(10),
    }
    assert delays == {"stockage_azote": timedelta(hours=4)}


def relays() -> list[tuple[str, str, str, str, timedelta]]:
    return [
        (step.id, each.to, each.read_back, each.source, each.within)
        for step in PATHWAY.steps
        for each in step.handovers
        if not each.inform
    ]


def test_six_steps_pass_the_relay_with_a_read_back() -> None:
    two_hours, hour = timedelta(hours=2), timedelta(hours=1)

    assert relays() == [
        ("stockage_azote", "greffe", "value", "reception_produit.poches", two_hours),
        ("eeg", "greffe", "value", "consultation_neuro.ice", two_hours),
        ("feu_vert", "reanimation", "code", "", two_hours),
        ("decongelation", "greffe", "value", "reception_produit.poches", timedelta(minutes=10)),
        ("injection", "reanimation", "code", "", hour),
        ("injection", "neurologie", "code", "", hour),
        ("sortie", "coordination", "value", "sortie.premier_appel", two_hours),
    ]


def test_a_handover_waits_for_its_own_step_unless_it_says_more() -> None:
    once = {step.id: each.once for step in PATHWAY.steps for each in step.handovers}

    assert once.pop("eeg") == ("consultation_neuro", "irm", "eeg")
    assert all(awaited == (step_id,) for step_id, awaited in once.items())


def test_the_pharmacy_is_only_informed_of_the_shipment() -> None:
    (handover,) = PATHWAY.step("expedition").handovers

    assert handover.to is Team.PHARMACIE
    assert handover.inform
    assert handover.read_back is ReadBack.NONE


@pytest.mark.parametrize(
    ("step_id", "items"),
    [
        ("rcp", "eligible produit"),
        ("consentement", "soins descar_t ebmt"),
        ("bilan_apherese", "serologies abord_veineux numeration"),
        ("apherese", "identites poches"),
        ("expedition", "emballage enregistreur transporteur"),
        ("liberation_lot", "certificat poches"),
        ("reception_produit", "conteneur scelle enregistreur poches identite peremption"),
        ("stockage_azote", "cuve conforme"),
        ("admission", ""),
        ("chimio_1", ""),
        ("feu_vert", "infection tocilizumab lit"),
        ("decongelation", "personnes identites debut"),
        ("injection", "personnes debut fin"),
        ("neuro_j3", "ice icans"),
        ("sortie", "carte aidant logement conduite numero premier_appel"),
        ("fin_surveillance", "src icans medecin"),
    ],
)
def test_a_checklist_asks_what_the_network_decided(step_id: str, items: str) -> None:
    assert [item.id for item in PATHWAY.step(step_id).items] == items.split()


def test_the_bags_received_are_those_announced() -> None:
    received = PATHWAY.step("reception_produit").item("poches")

    assert received.equals == "liberation_lot.poches"
    assert received.values == PATHWAY.step("liberation_lot").item("poches").values


def test_ice_is_shown_from_ten_down_to_zero() -> None:
    ice = PATHWAY.step("consultation_neuro").item("ice")

    assert ice.values == tuple(range(10, -1, -1))


def test_the_hours_of_thaw_and_injection_are_asked() -> None:
    kinds = {
        (step.id, item.id)
        for step in PATHWAY.steps
        for item in step.items
        if item.kind is ItemKind.TIME
    }

    assert kinds == {("decongelation", "debut"), ("injection", "debut"), ("injection", "fin")}


def marked(mark: str) -> list[str]:
    return [step.id for step in PATHWAY.steps if getattr(step, mark)]


def test_the_marks_are_on_the_right_steps() -> None:
    assert marked("waivable") == ["admission"]
    assert marked("not_required") == ["irm", "eeg"]
    assert marked("opens_checks") == ["injection"]
    assert marked("closes_checks") == ["fin_surveillance"]
    assert {step.id: step.anchor_of for step in PATHWAY.steps if step.anchor_of} == {
        "apherese": Anchor.AP,
        "injection": Anchor.J0,
        "sortie": Anchor.SO,
    }


def usual(step: StepDef) -> bool:
    rules = step.reminders
    return (rules.late_team, rules.late_coordinator) == (timedelta(hours=4), timedelta(hours=8))


def test_every_step_is_recalled_alike_and_two_are_late_sooner() -> None:
    for step in PATHWAY.steps:
        assert step.reminders.working_days_before == ((3, time(9)),)
        assert step.reminders.days_before == ((1, time(16)),)
        assert step.reminders.same_day == time(7, 30)
    assert [step.id for step in PATHWAY.steps if not usual(step)] == ["decongelation", "injection"]


def test_an_unanswered_check_is_recalled_then_escalated() -> None:
    assert PATHWAY.checks.remind == timedelta(minutes=60)
    assert PATHWAY.checks.escalate == timedelta(minutes=120)
    assert PATHWAY.checks.escalate_to == (Team.COORDINATION, Team.REANIMATION)


def test_the_ladder_ends_with_every_member_of_the_icu() -> None:
    icu, coordination, unit = Team.REANIMATION, Team.COORDINATION, Team.GREFFE

    assert PATHWAY.alerts.rungs == (
        Rung(to=(icu, coordination), on_call=(icu,)),
        Rung(to=(icu, coordination, unit), on_call=(icu,)),
        Rung(to=(icu,), privately=(icu,)),
    )
    assert PATHWAY.alerts.again == timedelta(minutes=5)
    assert PATHWAY.alerts.outcome_after == timedelta(hours=2)


def test_the_pause_lies_between_chemotherapy_and_injection() -> None:
    (pause,) = PATHWAY.pauses

    assert (pause.anchor, pause.offsets) == (Anchor.J0, (-2, -1))


def test_every_label_fits_a_button() -> None:
    labels = [item.label for step in PATHWAY.steps for item in step.items]

    assert max(map(len, labels)) <= 32


def test_products_that_fit_are_those_of_the_pathway() -> None:
    assert {each.id for each in load_products() if each.pathway} == set(PATHWAY.products)


def test_a_product_that_does_not_fit_says_why() -> None:
    refused = {each.id: each.reason for each in load_products() if not each.pathway}

    assert set(refused) == {"tecartus_lal", "kymriah_lal", "aucatzyl"}
    assert all(refused.values())


@pytest.mark.parametrize(
    ("product_id", "minutes", "start", "limit"),
    [
        ("yescarta", 180, StabilityFrom.THAW_END, -150),
        ("tecartus_lcm", 180, StabilityFrom.THAW_END, -150),
        ("kymriah_lymphome", 30, StabilityFrom.THAW_END, -120),
        ("breyanzi", 120, StabilityFrom.REMOVAL, -130),
        ("abecma", 60, StabilityFrom.THAW_START, -130),
        ("carvykti", 150, StabilityFrom.THAW_END, -120),
    ],
)
def test_a_product_keeps_for_as_long_as_its_label_says(
    product_id: str, minutes: int, start: str, limit: int
) -> None:
    product = next(each for each in load_products() if each.id == product_id)

    assert product.stability == timedelta(minutes=minutes)
    assert (product.stability_from, product.storage_limit_c) == (start, limit)
    assert product.lymphodepletion_days == (-5, -4, -3)


def test_a_pathway_may_be_a_file_anywhere(tmp_path: Path) -> None:
    file = edited(tmp_path, "version = 3", "version = 4")

    assert load(str(file)).version == 4


def test_an_unknown_pathway_is_one_sentence_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no pathway 'occitanie'.*onco-occitanie"):
        load("occitanie")


IRM = 'id = "irm"\nlabel = "IRM cérébrale"'
BAGS = 'kind = "number", low = 1, high = 4'
SO = 'anchor_of = "SO"'


@pytest.mark.parametrize(
    ("before", "after", "where", "said"),
    [
        ('["chimio_3", ', '["irmm", ', ("feu_vert", 7), "'feu_vert' needs unknown step 'irmm'"),
        ('needs = ["rcp"]', 'needs = ["rcp", "consentement"]', ("consentement", 6), "wait for"),
        ('["chimio_1"]', '["chimio_3"]', ("chimio_2", 6), "needs step 'chimio_3', which comes"),
        ('["apherese"]', '["arrivee_labo"]', ("expedition", 6), "'arrivee_labo', which comes"),
        ('id = "irm"', 'id = "eeg"', ("eeg", 1), "'eeg' is there twice"),
        ('id = "irm"', 'id = "IRM"', ("irm", 1), "'IRM' is not a short id"),
        (IRM, 'id = "irm"', ("irm", 0), "'label' is missing"),
        (IRM, IRM + "\nteams = 3", ("irm", 3), "unknown key 'teams'"),
        ('team = "efs"', 'team = "esf"', ("bilan_apherese", 3), "'team' cannot be 'esf'"),
        ('at = "08:00"', 'at = "8h"', ("apherese", 6), "'at' cannot be '8h'"),
        ("offset = 7", 'offset = "7"', ("consentement", 5), "'offset' must be a whole number"),
        (BAGS, 'kind = "number", low = 4, high = 4', ("apherese", 11), "needs low < high"),
        (BAGS, 'kind = "choice", choices = ["1"]', ("apherese", 11), "needs two choices"),
        (BAGS, 'kind = "numbre"', ("apherese", 11), "'kind' cannot be 'numbre'"),
        ('"identites"', '"poches"', ("apherese", 11), "'poches' is there twice"),
        ("Patient éligible", "P" * 33, ("rcp", 7), "needs a label of 1 to 32 characters"),
        ('"liberation_lot.poches"', '"lot.poches"', ("reception_produit", 11), "unknown item"),
        ('to = "pharmacie"', 'to = "efs"', ("expedition", 13), "goes to the team that gives it"),
        ("inform = true", "inform = false", ("expedition", 13), "needs either a read-back or"),
        ('"code", label', '"value", label', ("feu_vert", 14), "needs a source if, and only if"),
        ('source = "reception', 'source = "recetion', ("stockage_azote", 13), "unknown item"),
        ('"irm", "eeg"] }', '"irm", "egg"] }', ("eeg", 11), "waits for unknown step 'egg'"),
        (SO, 'anchor_of = "J0"', ("rcp", 0), "two steps are the anchor J0"),
        ("opens_checks = true", "", ("rcp", 0), "exactly one step must have opens_checks"),
        ('late_team = "30 min"', 'late_team = "9 h"', ("decongelation", 8), "late for the coord"),
    ],
)
def test_a_wrong_step_is_refused_at_its_line(
    tmp_path: Path, before: str, after: str, where: tuple[str, int], said: str
) -> None:
    file = edited(tmp_path, before, after)

    with pytest.raises(ValueError, match=r"local\.toml:\d+: ") as refused:
        load(str(file))

    step_id, lines_below = where
    assert str(refused.value).startswith(f"local.toml:{step_line(step_id) + lines_below}: ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("before", "after", "written", "said"),
    [
        ("from_day = 11", "from_day = 12", "[[checks.times]]  # every 12 h", "go on from day 11"),
        ("to_day = 10", "to_day = -1", "[[checks.times]]  # every 8 h", "go on from day 0"),
        ('times = ["10:00"]', "times = []", "[[checks.times]]  # once", "no hour of check"),
        ('["10:00"]', '["10h"]', 'times = ["10:00"]', "'times' cannot be '10h'"),
        ("until_day = 30", "until_day = 31", "until_day", "checks end on day 30"),
        ('remind = "1 h"', 'remind = "2 h"', "remind =", "reminded before it is escalated"),
        ('takers = ["reanimation"]', "takers = []", "takers", "needs a team that takes it"),
        ('["reanimation"]\nprivately', "[]\non_call", "[[alerts.rungs]]  # every", "must reach"),
        ('"abecma"', '"abecmaa"', "products =", "'abecmaa' is no product"),
        ('"abecma"', '"aucatzyl"', "products =", "'aucatzyl' is no product"),
        ("version = 3", "", 'id = "onco', "'version' is missing"),
        ('within = "2 h" ', 'within = "2h" ', "within", "'within' cannot be '2h'"),
        ('late_team = "4 h"', "", "[defaults.reminders]", "'late_team' is missing"),
    ],
)
def test_a_wrong_plan_is_refused_at_its_line(
    tmp_path: Path, before: str, after: str, written: str, said: str
) -> None:
    file = edited(tmp_path, before, after)

    with pytest.raises(ValueError, match=r"local\.toml") as refused:
        load(str(file))

    assert said in str(refused.value)
    at = 1 if written.startswith("id") else line(written)
    assert str(refused.value).startswith(f"local.toml:{at}: ")


ICE = 'source = "consultation_neuro.ice"'
THAW = 'countdown_from = "decongelation.debut"'
NEURO = 'once = ["consultation_neuro", "irm", "eeg"]'
CHOICE = 'kind = "choice", choices = '
EQUALS = 'high = 8, equals = "liberation_lot.poches"'


@pytest.mark.parametrize(
    ("before", "after", "where", "said"),
    [
        # Read back: only a number or a day that is surely there.
        (ICE, 'source = "stockage_azote.cuve"', ("eeg", 11), "neither a number nor a day"),
        (ICE, 'source = "injection.debut"', ("eeg", 11), "neither a number nor a day"),
        (ICE, 'source = "irm.faite"', ("eeg", 11), "neither a number nor a day"),
        (ICE, 'source = "neuro_j3.ice"', ("eeg", 11), "which may not be known yet"),
        ("descending = true },", "optional = true },", ("eeg", 11), "which may be left out"),
        ('label = "ICE de référence", title', 'label = "", title', ("eeg", 11), "needs a label"),
        # Handed over: by the team that closes it, with time to accept.
        (NEURO, 'once = ["eeg", "admission"]', ("eeg", 11), "'admission', which is another team"),
        (NEURO, "once = []", ("eeg", 11), "does not wait for the step that gives it"),
        (NEURO, 'once = ["irm"]', ("eeg", 11), "does not wait for the step that gives it"),
        ('within = "10 min"', 'within = "0 min"', ("decongelation", 15), "within is 0 min"),
        ('Bilan neurologique"', "B" * 33 + '"', ("eeg", 11), "needs a label of 1 to 32"),
        # Anchors: each borne once, on its own day, by a step that is always done.
        ('anchor_of = "J0"\n', "", ("rcp", 0), "no step is the anchor J0"),
        ('anchor_of = "AP"\n', "", ("rcp", 0), "no step is the anchor AP"),
        ('anchor_of = "SO"\n', "", ("rcp", 0), "no step is the anchor SO"),
        ("offset = 0\nitems", 'offset = 0\nanchor_of = "RCP"\nitems', ("rcp", 6), "anchor RCP"),
        (
            'offset = 0\nat = "08:00"',
            'offset = 1\nat = "08:00"\ndelay = "0 min"',
            ("apherese", 9),
            "must be counted from it with offset 0",
        ),
        (SO, SO + "\nnot_required = true", ("sortie", 7), "and cannot be skipped"),
        (
            'anchor = "J0"\noffset = 28',
            'anchor = "SO"\noffset = 28',
            ("neuro_j28", 0),
            "SO, which",
        ),
        # Days: what no calendar holds, and what no order can be made of.
        ("offset = 28", "offset = 3000000", ("neuro_j28", 0), "too far from J0"),
        ("offset = 28", f"offset = {10**12}", ("neuro_j28", 0), "too far from J0"),
        ('delay = "4 h"', 'delay = "12 h"', ("stockage_azote", 0), "after the end of its day"),
        ('needs = ["rcp"]', 'needs = ["sortie"]', ("consentement", 6), "which comes after it"),
        # The clock of the thawed product.
        (
            'label = "Heure de début (stabilité)", kind = "time"',
            'label = "Heure de début (stabilité)", kind = "time", optional = true',
            ("injection", 2),
            "counts down from no hour",
        ),
        (THAW, 'countdown_from = "decongelation.identites"', ("injection", 2), "from no hour"),
        (THAW, 'countdown_from = "injection.debut"', ("injection", 2), "which it does not need"),
        (
            'at = "09:00"',
            'at = "09:00"\nnot_required = true',
            ("injection", 3),
            "of a step that may be skipped",
        ),
        # Items: what a keyboard and its 64 bytes hold.
        (BAGS, 'kind = "number", low = 1, high = 400', ("apherese", 11), "a keyboard holds 40"),
        (BAGS, 'kind = "day", low = 9000, high = 9001', ("apherese", 11), "days that are too far"),
        (BAGS, CHOICE + '["une", "une"]', ("apherese", 11), "the same choice twice"),
        (BAGS, CHOICE + '["une", ""]', ("apherese", 11), "offers '', which needs a label"),
        (BAGS, CHOICE + '["à : 1", "b"]', ("apherese", 11), "a choice has no colon"),
        (BAGS, f'{CHOICE}["{"é" * 20}", "b"]', ("apherese", 11), "bytes of a button's 64"),
        (BAGS, "low = 1", ("apherese", 11), "no use for low, high or descending"),
        (BAGS, 'choices = ["1", "2"]', ("apherese", 11), "no use for choices"),
        (BAGS, BAGS + ', choices = ["1", "2"]', ("apherese", 11), "no use for choices"),
        ("Deux identités vérifiées", "Nombre de poches", ("apherese", 11), "of another item"),
        ('"Patient éligible"', '"Patient éligible "', ("rcp", 7), "without spaces around it"),
        (
            EQUALS,
            'high = 7, equals = "liberation_lot.poches"',
            ("reception_produit", 11),
            "same val",
        ),
        (
            EQUALS,
            'high = 8, equals = "reception_produit.poches"',
            ("reception_produit", 11),
            "not w",
        ),
        (
            EQUALS,
            'high = 8, equals = "liberation_lot.certificat"',
            ("reception_produit", 11),
            "same",
        ),
        (
            'label = "Sérologies de moins de 30 jours"',
            'label = "Sérologies", equals = "rcp.eligible"',
            ("bilan_apherese", 8),
            "only a number",
        ),
        # Names: on buttons, and typed by people.
        ('label = "EEG"', f'label = "{"E" * 33}"', ("eeg", 0), "needs a label of 1 to 32"),
        ('label = "EEG"', 'label = "IRM cerebrale"', ("eeg", 0), "is called like another"),
        ('label = "EEG"', 'label = "J0"', ("eeg", 0), "is called like another"),
        ('id = "irm"', 'id = "imagerie_cerebrale_par_irm"', ("irm", 1), "is not a short id"),
        # Reminders.
        (
            'late_team = "30 min"',
            'late_team = "30 min", days_before = [[-1, "16:00"]]',
            ("decongelation", 8),
            "not -1",
        ),
        (
            'late_team = "30 min"',
            'late_team = "30 min", working_days_before = [[999999999, "16:00"]]',
            ("decongelation", 8),
            "1 to 60 days before",
        ),
        # The watch.
        (
            "opens_checks = true",
            "opens_checks = true\nnot_required = true",
            ("injection", 9),
            "cannot be skipped",
        ),
        (
            "closes_checks = true",
            "closes_checks = true\nnot_required = true",
            ("fin_surveillance", 7),
            "cannot be skipped",
        ),
        (
            'offset = 30\nneeds = ["injection"]',
            'offset = 30\nneeds = ["rcp"]',
            ("fin_surveillance", 7),
            "must need 'injection'",
        ),
        ("offset = 30", "offset = 29", ("fin_surveillance", 7), "before until_day"),
    ],
)
def test_a_step_that_would_break_later_is_refused_at_its_line(
    tmp_path: Path, before: str, after: str, where: tuple[str, int], said: str
) -> None:
    test_a_wrong_step_is_refused_at_its_line(tmp_path, before, after, where, said)


@pytest.mark.parametrize(
    ("before", "after", "written", "said"),
    [
        ("version = 3", "version = 0", "version", "versions are counted from 1"),
        ('title = "Parcours CAR-T Onco-Occitanie"', 'title = ""', "title", "needs a title"),
        ('id = "onco-occitanie"', 'id = "Onco Occitanie"', "id", "is no name of a pathway"),
        ('id = "onco-occitanie"', 'id = "onco"', "products", "'yescarta' follows pathway 'onco-o"),
        ('"abecma"', '"yescarta"', "products", "'yescarta' is there twice"),
        ("offsets = [-2, -1]", "offsets = [-2, 9999999]", "offsets", "day 9999999 is too far"),
        ('label = "Pause"', 'label = ""', 'label = ""', "a pause needs a label"),
        ("until_day = 30", "until_day = 30000", "until_day", "cannot end on day 30000"),
        ('remind = "1 h"', 'remind = "0 min"', "remind =", "after 0 min"),
        ('escalate = "2 h"', 'escalate = "8 h"', "escalate =", "comes after 8:00:00, before this"),
        ('"22:00"]', '"07:00"]', "escalate =", "the next check comes after 1:00:00"),
        (
            'escalate_to = ["coordination", "reanimation"]',
            "escalate_to = []",
            "escalate_to",
            "greffe",
        ),
        (
            'escalate_to = ["coordination", "reanimation"]',
            'escalate_to = ["coordination"]',
            "escalate_to",
            "asked of coordination must be escalated to another team",
        ),
        (
            'neuro_team = "neurologie"',
            'neuro_team = "reanimation"',
            "neuro_team",
            "cannot take all",
        ),
        ('takers = ["reanimation"]', 'takers = ["reanimation", "reanimation"]', "takers", "twice"),
        ("urgent_from_grade = 3", "urgent_from_grade = 33", "urgent_from_grade", "not 33"),
        ('urgent_after = "5 min"', 'urgent_after = "0 min"', "urgent_after", "ring without end"),
        ('again = "5 min"', 'again = "0 min"', "again", "ring without end"),
        ('outcome_wait = "30 min"', 'outcome_wait = "0 min"', "outcome_wait", "ring without end"),
        ('outcome_after = "2 h"', 'outcome_after = "0 h"', "outcome_after", "ring without end"),
        ('calm_after = "15 min"', 'calm_after = "1 min"', "calm_after", "before an urgent one"),
        (
            'to = ["reanimation", "coordination"]',
            'to = ["coordination"]',
            "[[alerts.rungs]]  # at once",
            "must reach a team that takes",
        ),
        (
            'on_call = ["reanimation"]',
            'on_call = ["efs"]',
            "[[alerts.rungs]]  # at once",
            "efs takes",
        ),
        (
            'privately = ["reanimation"]',
            'privately = ["greffe"]',
            "[[alerts.rungs]]  # every",
            "greffe takes no alert",
        ),
        ('again = "5 min"', 'again = "99999 h"', "again", "no duration like 2 h"),
        ('same_day = "07:30"', 'same_day = "07:30Z"', "same_day", "no hour like 08:00"),
    ],
)
def test_a_plan_that_would_break_later_is_refused_at_its_line(
    tmp_path: Path, before: str, after: str, written: str, said: str
) -> None:
    file = edited(tmp_path, before, after)
    source = file.read_text(encoding="utf-8")

    with pytest.raises(ValueError, match=r"local\.toml") as refused:
        load(str(file))

    assert said in str(refused.value)
    assert str(refused.value).startswith(f"local.toml:{line(written, source=source)}: ")


def test_a_step_with_more_items_than_a_card_holds_is_refused(tmp_path: Path) -> None:
    many = "".join(f'{{ id = "i{n}", label = "I{n}" }}, ' for n in range(21))
    file = edited(tmp_path, '{ id = "faite", label = "IRM faite" },', many)

    with pytest.raises(ValueError, match="step 'irm' has 21 items, and a card holds 20"):
        load(str(file))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("waivable = true", "waivable = 1", "'waivable' must be true or false, not 1"),
        ("offset = 7", "offset = 7.0", "'offset' must be a whole number, not 7.0"),
        ("offset = 7", "offset = true", "'offset' must be a whole number, not True"),
        ('label = "EEG"', "label = 3", "'label' must be a text, not 3"),
        ('needs = ["chimio_1"]', 'needs = "chimio_1"', "'needs' must be a list, not 'chimio_1'"),
        ('[[3, "09:00"]]', "[[3]]", "'working_days_before' cannot be [3]: "),
        ('at = "14:00"', "at = 14:00:00", "'at' cannot be '14:00:00': is no hour like 08:00"),
        ('delay = "4 h"', 'delay = "PT4H"', "'delay' cannot be 'PT4H': is no duration like"),
        ('delay = "4 h"', "delay = 4", "'delay' cannot be 4: is no duration like"),
    ],
)
def test_a_value_of_another_kind_is_named(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    with pytest.raises(ValueError, match=r"local\.toml:\d+: ") as refused:
        load(str(edited(tmp_path, before, after)))

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("written", "minutes"), [("30 min", 30), ("2 h", 120), ("1 h 30 min", 90), ("0 min", 0)]
)
def test_durations_are_written_as_people_read_them(
    tmp_path: Path, written: str, minutes: int
) -> None:
    pathway = load(str(edited(tmp_path, 'delay = "4 h"', f'delay = "{written}"')))

    assert pathway.step("stockage_azote").delay == timedelta(minutes=minutes)


def test_a_pathway_without_a_product_is_refused(tmp_path: Path) -> None:
    listed = next(each for each in SOURCE.splitlines() if each.startswith("products ="))

    with pytest.raises(ValueError, match="needs a product"):
        load(str(edited(tmp_path, listed, "products = []")))


def test_a_kept_pathway_is_read_back_as_it_was() -> None:
    assert from_json(to_json(PATHWAY)) == PATHWAY


def test_a_kept_pathway_does_not_change_with_the_file() -> None:
    older = replace(PATHWAY, version=0, steps=PATHWAY.steps[:3])

    assert from_json(to_json(older)) == older


def test_the_same_pathway_is_always_the_same_text() -> None:
    assert (
        to_json(PATHWAY) == to_json(load("onco-occitanie")) == to_json(from_json(to_json(PATHWAY)))
    )


def test_an_older_text_lacks_what_came_since_and_has_what_went() -> None:
    kept = json.loads(to_json(PATHWAY))
    kept["colour"] = "blue"
    for step in kept["steps"]:
        del step["waivable"]
        step["colour"] = "blue"

    read = from_json(json.dumps(kept))

    assert read.step("irm") == PATHWAY.step("irm")
    assert not read.step("admission").waivable


def test_an_alert_without_a_rung_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "local.toml"
    file.write_text(
        SOURCE[: SOURCE.index("[[alerts.rungs]]")].replace("takers =", "rungs = []\ntakers ="),
        encoding="utf-8",
    )

    with pytest.raises(ValueError, match="an alert needs a rung"):
        load(str(file))


def test_steps_of_one_moment_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    file = edited(tmp_path, 'needs = ["reception_produit"]', 'needs = ["admission"]')
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("offset = -6\nneeds", 'offset = -8\ndelay = "4 h"\nneeds'),
        encoding="utf-8",
    )

    with pytest.raises(ValueError, match="wait for each other"):
        load(str(file))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id = \n", r"local\.toml: .*line 1"),
        (b'id = "\xe9"', "not written in UTF-8"),
        (b"", "'defaults' must be a table"),
        (b"steps = 3\n[defaults]\n", "'at' is missing"),
    ],
)
def test_a_file_that_is_no_pathway_is_one_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "local.toml"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=said):
        load(str(file))


def test_steps_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    head, tail = SOURCE[: SOURCE.index("[[steps]]")], SOURCE[SOURCE.index("[checks]") :]
    file = tmp_path / "local.toml"
    file.write_text("steps = [3]\n" + head + tail, encoding="utf-8")

    with pytest.raises(ValueError, match=r"local\.toml:1: 'steps' must be a table, not 3"):
        load(str(file))


def test_reminders_that_are_no_table_are_refused(tmp_path: Path) -> None:
    file = edited(tmp_path, 'reminders = { late_team = "30 min", late_coordinator = "1 h" }',
                  "reminders = 3")  # fmt: skip

    with pytest.raises(ValueError, match="'reminders' must be a table, not 3"):
        load(str(file))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('pathway = "onco-occitanie"', 'pathway = ""', "needs a pathway, or a reason"),
        ('id = "tecartus_lcm"', 'id = "yescarta"', "'yescarta' is there twice"),
        ("storage_limit_c = -150", "storage_limit_c = -150.5", "must be a whole number"),
        ("storage_limit_c = -150", "storage_limit_c = 150", "is stored below 0"),
        ('stability = "3 h"', 'stability = "0 h"', "cannot be kept for 0 min"),
        ('infuse_within = "30 min"', 'infuse_within = "0 min"', "cannot be kept for 0 min"),
        ('brand = "Yescarta"', 'brand = ""', "needs a label"),
        ('brand = "Abecma"', 'brand = "Yescarta"', "'yescarta' and 'abecma' cannot be told apart"),
    ],
)
def test_a_wrong_product_is_refused_at_its_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    file = tmp_path / "products.toml"
    source = PRODUCTS.read_text(encoding="utf-8")
    file.write_text(source.replace(before, after, 1), encoding="utf-8")

    with pytest.raises(ValueError, match=rf"products\.toml:\d+: .*{said}"):
        load_products(file)
