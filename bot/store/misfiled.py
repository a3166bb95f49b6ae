"""Rows whose columns, by which they are found, are not what their facts say."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, select

from bot.domain import due
from bot.domain.facts import Alert
from bot.domain.record import Record
from bot.store.records import d


def misfiled(connection: Connection, records: Mapping[str, Record]) -> Iterator[str]:
    """Things that lists and the clock take for what they are not, one line each."""
    filed = select(d.code, d.kind, d.key, d.state, d.open).where(d.code.in_(list(records)))
    for code, kind, key, state, is_open in connection.execute(filed.order_by(d.code, d.kind)):
        thing = records[code].things.get(kind, {}).get(key)
        if thing is None:
            continue
        columns = due.columns(records[code], thing)
        # Whether a step is open hangs on its patient too, and is written with the step alone.
        stands = is_open if kind == Alert.KIND else columns.open
        if (state, stands) != (columns.state, columns.open):
            yield f"{kind} {code} {key}".rstrip() + " is listed as what it is not"
