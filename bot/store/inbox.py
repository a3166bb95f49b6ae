"""Updates that came in: each taken once, those that failed remembered."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from bot.models import Inbox
from bot.store.unit import Unit

# Core statements on the table, not the ORM: this is the hot path.
inbox = SQLModel.metadata.tables[str(Inbox.__tablename__)]
c = inbox.c


def take(unit: Unit, update_ids: Collection[int]) -> set[int]:
    """Record these updates; gives those that nobody took before."""
    if not update_ids:
        return set()
    connection = unit.session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [{"update_id": id, "at": unit.now, "failed": False, "error": ""} for id in update_ids]
    new = insert(inbox).values(rows).on_conflict_do_nothing().returning(c.update_id)
    return set(connection.execute(new).scalars())


def fail(unit: Unit, update_id: int, error: str) -> None:
    """Remember that handling it raised."""
    failed = update(inbox).where(c.update_id == update_id).values(failed=True, error=error)
    unit.session.connection().execute(failed)


def failures(unit: Unit, since: datetime) -> int:
    """How many updates failed since then."""
    failed = select(func.count()).where(c.failed, c.at >= since)
    return int(unit.session.connection().execute(failed).scalar_one())


def purge(unit: Unit, before: datetime) -> int:
    """Forget old updates: Telegram keeps one for 24 hours, then never delivers it again."""
    return unit.session.connection().execute(delete(inbox).where(c.at < before)).rowcount
