"""A thousand pathways planned by the rules alone, and a thousand enrolled in a database."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bot import app, migrations
from bot.care import patients
from bot.care.patients import Request
from bot.domain.pathway import Anchor, plan
from bot.domain.roles import Team
from bot.models import Member
from bot.settings import Settings
from bot.store import Database

COUNT = 1000
NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)
CHAT = 1


def main() -> None:
    settings = Settings.model_construct()
    network = app.load_network(settings)
    apheresis = date(2026, 3, 23)
    dates = [apheresis + timedelta(days=n % 200) for n in range(COUNT)]

    def plan_each() -> None:
        for on in dates:
            anchors = {Anchor.RCP: NOW.date(), Anchor.AP: on, Anchor.J0: on + timedelta(days=35)}
            plan(network.pathway, anchors, network.calendar)

    _print("planned", _timed(plan_each))
    with TemporaryDirectory() as folder:
        database = Database(
            f"sqlite:///{Path(folder) / 'bench.db'}",
            clock=lambda: NOW,
            words=app.load_texts(settings),
            network=network,
            audit_key=b"key-of-the-bench",
        )
        migrations.upgrade(database.engine)
        _print("enrolled (SQLite)", _timed(lambda: _enrol_each(database, dates)))
        database.close()


def _enrol_each(database: Database, dates: list[date]) -> None:
    with database.unit() as unit:
        team = Team.COORDINATION.value
        nurse = Member(telegram_id=CHAT, name="Nurse", team=team, centre="TLS", joined_at=NOW)
        unit.add(nurse)
    for on in dates:
        day0 = on + timedelta(days=35)
        request = Request("yescarta", "TLS", on.isoformat(), day0.isoformat())
        with database.unit() as unit:
            me = unit.member_of(CHAT)
            assert me is not None
            patients.begin(unit, me, CHAT, request)
            draft = unit.draft(me, CHAT)
            assert draft is not None
            patients.create(unit, me, draft)


def _timed(work: Callable[[], None]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _print(what: str, seconds: float) -> None:
    each = 1000 * seconds / COUNT
    sys.stdout.write(
        f"{COUNT} pathways {what}: {seconds:.2f} s, {each:.2f} ms each   python -m bench.plan\n"
    )


if __name__ == "__main__":
    main()
