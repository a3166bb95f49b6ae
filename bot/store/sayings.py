"""The statements of the outbox: what is void, what is shown, what follows what."""

from sqlalchemy import and_, bindparam, case, or_, select, update
from sqlmodel import SQLModel

from bot import models
from bot.domain.message import Kind
from bot.models import LetterState

outbox = SQLModel.metadata.tables[str(models.Outbox.__tablename__)]
c = outbox.c

PENDING, SENDING = LetterState.PENDING.value, LetterState.SENDING.value
# What waits is void; what is on its way is never to be tried again.
VOID = {
    "state": case((c.state == PENDING, LetterState.CANCELLED.value), else_=c.state),
    "withdrawn": case((c.state == SENDING, True), else_=c.withdrawn),
}
WAITS = c.state.in_((PENDING, SENDING))
members = SQLModel.metadata.tables[str(models.Member.__tablename__)]
groups = SQLModel.metadata.tables[str(models.Group.__tablename__)]
TEAMS_OWN = select(groups.c.chat_id).where(groups.c.team != "")
# What was for a team, or for somebody who is known here.
OURS = or_(
    c.team != "",
    c.chat_id.in_(select(members.c.telegram_id).where(members.c.left_at.is_(None))),
    c.chat_id.in_(TEAMS_OWN),
)
# What may have been an identity, which Telegram would not take out of a team's group.
STANDING = and_(
    c.kind == Kind.DELETE.value,
    c.state == LetterState.FAILED.value,
    ~c.withdrawn,
    c.chat_id.in_(TEAMS_OWN),
)
WITHDRAW = (
    update(outbox).where(c.cause.in_(bindparam("causes", expanding=True)), WAITS).values(VOID)
)
SUPERSEDE = (
    update(outbox)
    .where(
        c.cause == bindparam("about"),
        c.chat_id == bindparam("chat"),
        c.kind == Kind.SEND.value,
        c.state == PENDING,
        # Older than this unit: what it says itself to the same chat stays.
        c.created_at < bindparam("before"),
    )
    .values(state=LetterState.CANCELLED.value)
)
HUSH = (
    update(outbox)
    .where(WAITS, or_(c.cause.like(bindparam("named")), c.dedupe_key.like(bindparam("news"))))
    .values(VOID)
)
SHOWN = (
    select(c.id, c.chat_id, c.message_id, c.cause, c.state)
    .where(
        c.cause.in_(bindparam("causes", expanding=True)),
        # What waits or is on its way will be a message with these buttons too.
        c.state.in_((LetterState.SENT.value, SENDING, PENDING)),
        c.live,
    )
    .order_by(c.id.desc())
)
# What has not left yet leaves as things are.
REWRITE = (
    update(outbox)
    .where(c.id == bindparam("letter"), c.state == PENDING)
    .values(
        body=bindparam("said"),
        keyboard=bindparam("keys", type_=c.keyboard.type),
        live=bindparam("lives"),
    )
)
ADOPT = (
    update(outbox)
    .where(
        c.chat_id == bindparam("chat"),
        c.state == LetterState.SENT.value,
        c.message_id == bindparam("message"),
        c.kind == Kind.SEND.value,
    )
    .values(cause=bindparam("about"), live=True)
)
OFF = update(outbox).where(c.id.in_(bindparam("ids", expanding=True))).values(live=False)
