"""One patient from the decision to J+31, through real processes; every message is expected."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from simulator.client import Client
from tests.end_to_end import script
from tests.end_to_end.programs import CAST, TOKEN, Program, bot, run, settings, simulator
from tests.end_to_end.town import PARIS, Town, local, who

pytestmark = pytest.mark.time_limit(600)

SCRIPT = Path(__file__).with_name("whole_pathway.txt")
DAY0 = date(2026, 4, 27)
REQUEST = "yescarta apherese 23/03/2026 j0 27/04/2026 centre TLS"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[Client]:
    with simulator(folder, "2026-03-09T10:00+01:00", "--cast", str(CAST)) as url:
        yield Client(url)


@pytest.fixture
def program(client: Client, folder: Path) -> Iterator[Program]:
    with bot(settings(client.url, folder), folder) as program:
        yield program


def test_a_patient_goes_from_the_decision_to_the_end_of_the_watch(
    client: Client, program: Program, folder: Path
) -> None:
    town = Town(client)
    client.until_quiet()

    town.gather()
    code = town.enrol(REQUEST)
    until_the_cells_are_back(town)
    until_the_injection(town, code)
    through_the_watch(town)
    town.at("2026-05-28T12:00")

    if os.environ.get("WRITE_SCRIPT"):
        script.write(SCRIPT, script.left(client))
    assert script.left(client) == script.read(SCRIPT)
    assert refused(client) == []
    assert anonymous(client, code) == []
    assert program.stop() == 0
    assert TOKEN.partition(":")[2] not in "".join(program.log)
    assert [line for line in program.log if " ERROR " in line or " WARNING " in line] == []
    held = run(folder, settings(client.url, folder), "audit")
    assert held[0] == 0, held


def refused(client: Client) -> list[object]:
    """What the simulator did not answer with a plain yes."""
    return [call for call in client.calls() if call["status"] != 200]


def anonymous(client: Client, code: str) -> list[str]:
    """What asks for an answer without saying for which patient, on which day."""
    named = re.compile(rf"{code}.* J[−+]?\d", re.DOTALL)
    asked = [
        str(call["params"]["text"])
        for call in client.calls(method="sendMessage")
        if "callback_data" in call["params"].get("reply_markup", "")
    ]
    return [
        text for text in asked if "Rien n’est encore créé" not in text and not named.search(text)
    ]


def until_the_cells_are_back(town: Town) -> None:
    """RCP, apheresis, the way to the laboratory and back; the MRI is late."""
    town.do("coordination", "RCP")
    town.at("2026-03-16T09:00")
    town.do("coordination", "Consentement")
    town.do("efs", "Bilan avant aphérèse")
    town.at("2026-03-23T11:00")
    town.do("efs", "Aphérèse")
    town.at("2026-03-24T10:00")
    town.do("efs", "Expédition")
    town.at("2026-03-27T15:00")
    town.do("efs", "Arrivée au laboratoire")
    town.at("2026-04-12T10:00")
    town.do("neurologie", "Consultation de neurologie")
    town.at("2026-04-13T10:00")
    town.do("neurologie", "EEG")
    town.at("2026-04-14T09:30")
    town.do("neurologie", "IRM cérébrale")
    town.receive("greffe", "Bilan neurologique", "10")


def until_the_injection(town: Town, code: str) -> None:
    """The product, the chemotherapy, the green light, the day itself; each relay read back."""
    town.at("2026-04-15T10:00")
    town.do("pharmacie", "Libération du lot")
    town.at("2026-04-19T10:00")
    town.do("pharmacie", "Réception du produit")
    town.at("2026-04-19T14:00")
    town.do("pharmacie", "Stockage en azote")
    town.receive("greffe", "Stockage en azote", "1")
    town.at("2026-04-21T10:00")
    town.do("greffe", "Admission")
    for day in (1, 2, 3):
        town.at(f"2026-04-{21 + day}T10:00")
        town.do("greffe", f"Chimiothérapie, jour {day}")
    town.at("2026-04-26T12:30")
    town.do("greffe", "Feu vert")
    town.receive("reanimation", "Feu vert", code)
    town.at("2026-04-27T08:30")
    town.do("pharmacie", "Décongélation")
    town.receive("greffe", "Décongélation", "1")
    town.at("2026-04-27T09:30")
    town.do("greffe", "Injection")
    for team in ("reanimation", "neurologie"):
        town.receive(team, "Injection", code)


def through_the_watch(town: Town) -> None:
    """Every round but one answered; a grade 2 taken late; discharge; the end of the watch."""
    agenda: dict[datetime, Callable[[Town], None]] = {}
    agenda |= {at + LATER: answer for at in rounds() if at not in (UNANSWERED, WORRYING)}
    agenda |= {local(when): act for when, act in ERRANDS.items()}
    for when in sorted(agenda):
        town.at(when)
        agenda[when](town)


LATER = timedelta(minutes=10)
UNANSWERED = local("2026-04-29T14:00")
WORRYING = local("2026-05-01T06:00")
DISCHARGE = local("2026-05-12T11:00")


def rounds() -> Iterator[datetime]:
    """Every local instant at which somebody must be asked, by hand from the pathway's page."""
    for j in range(31):
        hours = (6, 14, 22) if j <= 10 else (8, 20) if j <= 14 else (10,)
        for hour in hours:
            if j > 0 or hour > 10:
                yield datetime.combine(DAY0 + timedelta(days=j), time(hour), PARIS)


def answer(town: Town) -> None:
    """Nothing to report: the unit says so, and the nurse once the patient went home."""
    at_home = town.client.now() > DISCHARGE
    person, chat = who("coordination" if at_home else "greffe")
    town.press(person, "RAS", chat)


def report(town: Town) -> None:
    """Fever at six in the morning: it alerts at the second tap, and a grade follows."""
    for label in ("Signaler", "Fièvre", "Grade 2"):
        town.press("sofia", label, "greffe")


def take(town: Town) -> None:
    town.press("roche", "prends en charge", "reanimation")


def close(town: Town) -> None:
    town.press("roche", "Résolue", "reanimation")


def discharge(town: Town) -> None:
    town.do("greffe", "Sortie")
    town.receive("coordination", "Sortie", "13 mai")


def neurology(day: int) -> Callable[[Town], None]:
    return lambda town: town.do("neurologie", f"Neurologie J+{day}")


def end(town: Town) -> None:
    town.do("reanimation", "Fin de surveillance")


ERRANDS: dict[str, Callable[[Town], None]] = {
    "2026-04-30T11:00": neurology(3),
    "2026-05-01T06:10": report,
    "2026-05-01T06:30": take,  # the ladder's second rung was at 06:25
    "2026-05-01T08:40": close,  # what became of it was asked at 08:30
    "2026-05-04T11:00": neurology(7),
    "2026-05-11T11:00": neurology(14),
    "2026-05-12T11:00": discharge,
    "2026-05-25T11:00": neurology(28),
    "2026-05-27T12:00": end,
}
