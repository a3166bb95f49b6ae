"""The one line that says how the ground stands: the worst of all facts."""

from typing import Any

import pytest

from simulator.ground import Ground, Options
from simulator.page.status import status
from simulator.server import Running
from simulator.world import actions
from simulator.world.bot_process import BotCommand
from simulator.world.health import read
from tests.simulator.desk import START


def ground(**options: Any) -> Ground:
    """A ground whose bot follows the clock."""
    ground = Ground(Options(START, paused=True, **options))
    ground.lockstep.follower.polling = 1
    return ground


def said(ground: Ground) -> tuple[str, str]:
    found = status(ground)
    return found["level"], found["text"].replace("\N{NO-BREAK SPACE}", " ")


def test_all_is_well() -> None:
    assert said(ground()) == ("good", "Tout fonctionne.")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (None, "Le bot ne répond pas (/healthz)."),
        ({"status": "starting"}, "Le bot ne va pas bien : /healthz dit « starting »."),
        ({"status": "ok", "http": 503}, "Le bot ne va pas bien : /healthz dit « ok (503) »."),
        ({}, "Le bot ne va pas bien : /healthz dit « rien »."),
    ],
)
def test_a_bot_that_says_anything_but_ok_is_unwell(
    answer: dict[str, Any] | None, text: str
) -> None:
    sick = ground(bot_health="http://127.0.0.1:1/healthz")
    sick.health.last = answer

    assert said(sick) == ("bad", text)


def test_a_bot_that_says_ok_is_well() -> None:
    well = ground(bot_health="http://127.0.0.1:1/healthz")
    well.health.last = {"status": "ok", "anchors": []}

    assert said(well) == ("good", "Tout fonctionne.")


def test_a_bad_answer_keeps_its_http_status(running: Running) -> None:
    answer = read(f"{running.url}/control/chats/absent")

    assert answer is not None
    assert answer["http"] == 400


def test_the_worst_wins_and_the_others_are_counted() -> None:
    ground_ = ground(bot=BotCommand("a-bot"))
    ground_.order_fault({"kind": "delay"})
    person = ground_.world.add_person("Claire", "Vidal")
    actions.block(ground_.world, person)

    assert said(ground_) == ("bad", "Le bot est arrêté.")
    assert status(ground_)["more"] == 2


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("502", "Panne en cours : Telegram est en panne (502)."),
        ("delay", "Panne en cours : Telegram est lent."),
    ],
)
def test_a_fault_is_a_warning(kind: str, text: str) -> None:
    troubled = ground()
    troubled.order_fault({"kind": kind})

    assert said(troubled) == ("warn", text)


def test_nobody_who_follows_the_clock_is_said() -> None:
    alone = ground()
    alone.lockstep.follower.polling = 0

    assert said(alone) == ("bad", "Aucun bot ne suit l’horloge.")


def test_a_bot_that_was_thrown_out_is_said() -> None:
    left = ground()
    claire = left.world.add_person("Claire")
    efs = left.world.add_group("EFS")
    actions.gather(left.world, efs, [claire])
    actions.join(left.world, efs, left.world.bot)
    actions.leave(left.world, efs, left.world.bot)

    assert said(left) == ("warn", "Le bot n’est plus dans « EFS ».")
