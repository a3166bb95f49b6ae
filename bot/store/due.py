"""When each kind of dated thing next wants attention: one look at nine indexes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from bot.models import (
    AUDIT,
    Alert,
    Bell,
    Check,
    Countdown,
    Demand,
    Patient,
    Relay,
    Round,
    Step,
)
from bot.store.work import Work


def _first(table: Any) -> Any:
    return select(func.min(col(table.next_at)))


# Built once: it is asked at every ring.
FIRST_DUE = select(
    _first(Alert).scalar_subquery().label("alert"),
    _first(Countdown).scalar_subquery().label("countdown"),
    _first(Check).scalar_subquery().label("report"),
    _first(Relay).scalar_subquery().label("relay"),
    _first(Patient).scalar_subquery().label("check"),
    _first(Round).scalar_subquery().label("round"),
    _first(Step).scalar_subquery().label("step"),
    _first(Demand).scalar_subquery().label("demand"),
    _first(Bell).where(col(Bell.name) != AUDIT).scalar_subquery().label("bell"),
    _first(Bell).where(col(Bell.name) == AUDIT).scalar_subquery().label("audit"),
)


class Due(Work):
    """What the clock asks."""

    def first_due(self) -> Mapping[str, datetime | None]:
        """The first instant of each kind; none where nothing of it is dated."""
        return self.session.connection().execute(FIRST_DUE).mappings().one()  # type: ignore[return-value]
