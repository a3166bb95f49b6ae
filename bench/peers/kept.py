"""The table in which the PTB peer keeps its taps, apart so that the bare one imports no ORM."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Field, Session, SQLModel, create_engine


class Kept(SQLModel, table=True):
    """One tap."""

    id: int | None = Field(default=None, primary_key=True)
    update_id: int = Field(index=True, unique=True)
    chat_id: int
    data: str
    at: datetime


def _durable(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@cache
def _engine(file: str) -> Engine:
    engine = create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _durable)
    SQLModel.metadata.create_all(engine, tables=[SQLModel.metadata.tables["kept"]])
    return engine


def open_session(file: str) -> Session:
    return Session(_engine(file), expire_on_commit=False)


def row(update: int, chat: int, data: str) -> Kept:
    return Kept(update_id=update, chat_id=chat, data=data, at=datetime.now(UTC))
