"""What every part of a Unit stands on: the session, the instant, the words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any, Protocol, TypeVar

from sqlalchemy import Select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from bot.domain.message import Text
from bot.domain.network import Network

Row = TypeVar("Row", bound=SQLModel)


class Words(Protocol):
    """What turns keys into sentences: with Telegram's HTML, or plain where it reads none."""

    def render(self, said: Text, /) -> str: ...
    def plain(self, said: Text, /) -> str: ...


class Work:
    """A transaction at one instant."""

    def __init__(
        self,
        session: Session,
        now: datetime,
        words: Words,
        network: Network,
        audit_key: bytes,
    ) -> None:
        self.session = session
        self.now = now.astimezone(UTC)
        self.words = words
        self.network = network
        self.audit_key = audit_key
        self.wrote_letters = False
        self._kept: dict[tuple[type[SQLModel], int], Sequence[Any]] = {}
        """Rows already read in this transaction; they change in place, so they stay true."""
        self._stamps = count()
        self.tapped: tuple[int, int] = (0, 0)
        """Chat and id of the message whose button was pressed: its own handler changes it."""

    def stamp(self) -> str:
        """Part of a key, never the same twice: a whole batch of updates is one instant."""
        return f"{self.now.isoformat()}#{next(self._stamps)}"

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what is inside if it raises."""
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            self._kept.clear()
            raise

    def keep(self, table: type[Row], key: int, query: Select[Row]) -> Sequence[Row]:
        """The rows of a question asked often: read once, until a row of their kind is added."""
        if (table, key) not in self._kept:
            self._kept[table, key] = self.all(query)
        return self._kept[table, key]

    def add(self, row: Row) -> Row:
        """Store a new row now, so that it has its id."""
        if row not in self.session:
            self._kept = {at: rows for at, rows in self._kept.items() if at[0] is not type(row)}
        self.session.add(row)
        self.session.flush()
        return row

    def get(self, table: type[Row], key: Any) -> Row | None:
        return self.session.get(table, key)

    def all(self, query: Select[Row]) -> Sequence[Row]:
        return self.session.scalars(query).all()

    def first(self, query: Select[Row]) -> Row | None:
        return self.session.scalars(query.limit(1)).first()

    def claim(self, row: Row, held: str, /, **values: Any) -> bool:
        """Change `row` only if its state is still `held`; true if we won.

        The row count decides, so of two taps, two processes or two rings one wins.
        """
        table = type(row)
        self.session.flush()
        done = self.session.execute(
            update(table)
            .where(table.id == row.id, table.state == held)  # type: ignore[attr-defined]
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        self.session.refresh(row)
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]

    def insert_once(self, table: type[SQLModel], unique: str, **values: Any) -> bool:
        """Insert unless a row with the same `unique` is there; true if it was new."""
        dialect = self.session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        statement = insert(table).values(**values).on_conflict_do_nothing(index_elements=[unique])
        self.session.flush()
        # Without this option PostgreSQL's driver gives no row count for an insert.
        counted = statement.execution_options(preserve_rowcount=True)
        return bool(self.session.connection().execute(counted).rowcount == 1)
