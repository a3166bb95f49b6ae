"""What calls several teams at once, and so stands in no column of one: found by its state."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, union_all
from sqlmodel import SQLModel

from bot import models
from bot.domain.facts import RUNNING, UNANSWERED, Alert, Check

d = SQLModel.metadata.tables[str(models.Dated.__tablename__)].c


def query(centre: str, before: datetime, limit: int) -> Any:
    """The running alerts, then the rounds asked before then and unanswered; the oldest first.

    So many of each at the most; no centre: in all of them.
    """
    here = (d.centre == centre,) if centre else ()
    which = (
        (d.kind == Alert.KIND, d.state.in_(RUNNING)),
        (d.kind == Check.KIND, d.state.in_(UNANSWERED), d.due_at <= before),
    )
    parts = [
        select(d.code, d.kind, d.key, d.rank, d.due_at)
        .where(*each, *here)
        # What nobody has yet before what is taken, as the index is.
        .order_by(d.state, d.due_at, d.code)
        .limit(limit)
        .subquery()
        for each in which
    ]
    e = union_all(*(select(part) for part in parts)).subquery().c
    return select(e.code, e.kind, e.key).order_by(e.rank, e.due_at, e.code, e.key)
