"""An alert that was tapped behind 2,000 other taps: seconds until it reaches the ICU's group."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.api import Api
from bench.line import ROUNDS, Goal, Line
from bench.stage import QUIET, TEAM, ours
from bench.town import GROUPS, Tap, Town

TAPS = 2000
ALERT = "/alerte"
ICU = GROUPS["reanimation"]


def measure() -> list[Line]:
    with TemporaryDirectory() as folder, ours(Path(folder)) as (player, town):
        behind, alone = [], []
        for place in range(ROUNDS):
            alone.append(alert(player.api, town, town.codes[2 * place], []))
            code = town.codes[2 * place + 1]
            behind.append(alert(player.api, town, code, player.taps(TAPS)))
    goal = Goal("ours", "≤", 0.3)
    return [Line("an alert behind 2,000 taps", "s", behind, "alone", alone, goal)]


def alert(api: Api, town: Town, code: str, before: list[Tap]) -> float:
    """Seconds from the second tap of an alert to its message in the group of the ICU."""
    [tap] = ready(town, code)
    api.forget()
    *_, query = api.pour([*before, tap])
    api.until(lambda: bool(heard(api, code)), f"the alert of {code}")
    took = heard(api, code)[0] - api.put[query]
    api.until(lambda: query in api.answered, f"the answer to the alert of {code}")
    api.until_quiet(QUIET)
    return took


def ready(town: Town, *codes: str) -> list[Tap]:
    """`/alerte` is written; what is left is the tap on one of these patients."""
    person = town.members[TEAM][0]
    town.say(person, ALERT)
    # The list shows ten patients a page: the button of another says the same of its own code.
    first = min(town.codes)
    shown, data = town.button(person, first)
    return [Tap(person, person, shown.id, data.replace(first, code)) for code in codes]


def heard(api: Api, code: str) -> list[float]:
    """When the ICU's group was told about this patient."""
    sent = api.accepted("sendMessage")
    return [call.at for call in sent if call.chat == ICU and code in call.text]
