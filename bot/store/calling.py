"""What calls people: found by its state, whoever they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, exists, select, union, union_all
from sqlmodel import SQLModel

from bot import models
from bot.domain import due
from bot.domain.facts import RUNNING, UNANSWERED, Alert, Check, Watch, WatchState
from bot.domain.message import Kind
from bot.models import LetterState

d = SQLModel.metadata.tables[str(models.Dated.__tablename__)].c
o = SQLModel.metadata.tables[str(models.Outbox.__tablename__)].c
# The cause of its messages: shared by what is told together, else its own.
CAUSE = case((d.together > "", d.together), else_=d.kind + ":" + d.code + ":" + d.key)
ALIVE = (LetterState.SENT, LetterState.FOLDED, LetterState.PENDING, LetterState.SENDING)
HEARD = exists().where(
    o.cause == CAUSE, o.state.in_([state.value for state in ALIVE]), o.kind == Kind.SEND.value
)


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


def unheard(limit: int) -> Any:
    """What was put to a team and waits, and no letter of it left or is about to.

    Alerts first, then the oldest: what is beyond the limit has its turn when those end.
    """
    columns = (d.code, d.kind, d.key, d.rank, d.due_at)
    asked = [
        select(*columns).where(d.kind == kind.name, d.state == kind.put_in, ~HEARD)
        for kind in due.BOOK
        if kind.put_in
    ]
    e = union_all(*asked).subquery().c
    return select(e.code, e.kind, e.key).order_by(e.rank, e.due_at, e.code, e.key).limit(limit)


def pressing(limit: int) -> Any:
    """The codes of those about whom something is open whose next instant is never far."""
    kinds = [due.RANKS[kind.name] for kind in due.BOOK if kind.farthest]
    # Late from a known instant on as long as it is open, and not after: there is an index.
    late = (d.rank.in_(kinds), d.late_at.is_not(None))
    # Never late itself.
    watched = (d.kind == Watch.KIND, d.state == WatchState.OPEN.value)
    every = union(select(d.code).where(*late), select(d.code).where(*watched)).subquery()
    return select(every.c.code).order_by(every.c.code).limit(limit)
