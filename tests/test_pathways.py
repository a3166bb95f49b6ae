"""The pathway files hold what the network decided, and a wrong edit is refused at its line."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.domain.pathway import Anchor, ItemKind, ReadBack, Rung, StabilityFrom, StepDef
from bot.domain.roles import Team
from bot.pathways import FOLDER, PRODUCTS, load, load_products

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
        ("feu_vert", "greffe", "J0", -1, ("chimio_3", "consultation_neuro", "irm", "eeg")),
        ("decongelation", "pharmacie", "J0", 0, ("feu_vert",)),
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
        ("admission", "produit"),
        ("chimio_1", ""),
        ("feu_vert", "infection neurologie produit tocilizumab reanimation"),
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
    assert {each.id for each in load_products() if each.fits} == set(PATHWAY.products)


def test_a_product_that_does_not_fit_says_why() -> None:
    refused = {each.id: each.reason for each in load_products() if not each.fits}

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
    file = edited(tmp_path, "version = 1", "version = 2")

    assert load(str(file)).version == 2


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
        ('"code", label', '"value", label', ("feu_vert", 16), "needs a source if, and only if"),
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
        ("version = 1", "", 'id = "onco', "'version' is missing"),
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


def test_an_alert_without_a_rung_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "local.toml"
    file.write_text(
        SOURCE[: SOURCE.index("[[alerts.rungs]]")].replace("takers =", "rungs = []\ntakers ="),
        encoding="utf-8",
    )

    with pytest.raises(ValueError, match="an alert needs a rung"):
        load(str(file))


def test_steps_of_different_anchors_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    file = edited(tmp_path, 'needs = ["rcp"]', 'needs = ["rcp", "bilan_apherese"]')
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('offset = -7\nneeds = ["rcp"]', 'offset = -7\nneeds = ["consentement"]'),
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
