"""SQL statements of one act, counted where SQLAlchemy hands them to the driver.

What only holds a transaction together (BEGIN, SAVEPOINT …) is not counted, many rows in one
statement are one. Letters: commits for each of a hundred that wait for twenty chats.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import inside
from bench.line import ROUNDS, Goal, Line
from bench.measures.floor import batches, checklists
from bench.town import CREATE, NURSE

PEOPLE, BATCH = 20, 100


def measure() -> list[Line]:
    with (
        TemporaryDirectory() as folder,
        inside.ward(Path(folder), coordination=PEOPLE, efs=1, greffe=1) as ward,
    ):
        boxes = checklists(ward)
        ones = batches(ward, boxes, 1, ROUNDS)
        many = batches(ward, boxes, BATCH, 1)[0]
        ticks = [_asked(ward, ward.take, [tap]) for [tap] in ones]
        ward.flush()
        batch = _asked(ward, ward.take, many) / BATCH
        commits = _commits(ward)
        enrolled = [_enrolment(ward) for _ in range(ROUNDS)]
        ward.settle()
        rings = [_asked(ward, ward.ring) for _ in range(ROUNDS)]
    return [
        Line("a tick", "statements", ticks, goal=Goal("ours", "≤", 6)),
        Line(f"a tick, {BATCH} at a time", "statements", [batch]),
        Line("an enrolment", "statements", enrolled, goal=Goal("ours", "≤", 25)),
        Line("an idle ring", "statements", rings, goal=Goal("ours", "≤", 1)),
        Line("a letter, 200 waiting", "commits", [commits], goal=Goal("ours", "≤", 0.5)),
    ]


def _asked(ward: inside.Ward, act: Callable[..., object], *given: object) -> float:
    with ward.statements() as counted:
        act(*given)
    return float(counted.asked)


def _commits(ward: inside.Ward) -> float:
    """Commits for each request, while what waits leaves."""
    with ward.statements() as counted:
        sent = ward.flush()
    return counted.commits / sent


def _enrolment(ward: inside.Ward) -> float:
    """The tap on *Créer* alone; the plan was shown before."""
    create = creation(ward)
    asked = _asked(ward, ward.take, [create])
    ward.flush()
    return asked


def creation(ward: inside.Ward) -> dict[str, object]:
    """`/nouveau` is written and its plan shown: the tap that is left."""
    ward.town.plan(ward.clock.now.date())
    shown, data = ward.town.button(NURSE, CREATE)
    return ward.tapped(NURSE, NURSE, shown.id, data)
