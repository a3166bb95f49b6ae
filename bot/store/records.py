"""Records: each read in one go, held while a unit lasts, written in one go at its end."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, or_, select, union_all, update
from sqlalchemy.exc import NoResultFound
from sqlmodel import SQLModel

from bot import models
from bot.domain import due
from bot.domain.facts import RUNNING, Alert, Dated, Patient, PatientState, Watch, WatchState
from bot.domain.invariants import Line
from bot.domain.network import Network
from bot.domain.people import Roster
from bot.domain.record import Draw, Record
from bot.logs import described
from bot.store import calling, kinds
from bot.store.statements import upsert
from bot.store.versions import Versions

logger = logging.getLogger(__name__)

patients = SQLModel.metadata.tables[str(models.Patient.__tablename__)]
dated = SQLModel.metadata.tables[str(models.Dated.__tablename__)]
p, d = patients.c, dated.c

PATIENT = (p.code, literal(""), literal(""))
KEPT_CLOSED = [kind.name for kind in due.BOOK if kind.keeps_closed]
PATIENTS = select(p.code, p.version, p.phase, p.late_at, p.facts).where(
    p.code.in_(bindparam("codes", expanding=True))
)
LOCKED = PATIENTS.order_by(p.code).with_for_update()
# What raised is still to be handled as of its own hour: it is owed what was due then.
INSTANT = func.coalesce(d.missed_at, d.next_at)
THINGS = select(d.code, d.kind, d.key, INSTANT, d.fault, d.facts).where(
    d.code.in_(bindparam("codes", expanding=True)), or_(d.open, d.kind.in_(KEPT_CLOSED))
)
FIRST_DUE = (
    select(d.next_at)
    .where(d.next_at.is_not(None), d.key != bindparam("besides"))
    .order_by(d.next_at)
    .limit(1)
)
DUE = (
    select(d.code, d.kind, d.key, d.together, d.next_at)
    .where(d.next_at <= bindparam("now", type_=d.next_at.type))
    .order_by(d.rank, d.next_at, d.code, d.key)
    .limit(bindparam("limit"))
)
RANKS = range(len(due.BOOK))
UNREADABLE = (ValueError, TypeError, LookupError, NoResultFound)
"""What a record raises that is not what this program writes."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: how many there are in all, and where this part begins."""

    total: int
    offset: int
    lines: Sequence[tuple[str, str, str]]
    """(code, kind, key)"""


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose instant has come."""

    code: str
    kind: str
    key: str
    together: str
    at: datetime


@dataclass(slots=True)
class Held:
    """A record with what it was when it was read."""

    record: Record
    version: int
    patient: tuple[Any, ...] = ()
    """Its facts and what lists are made by, as they were read or written last."""
    things: dict[tuple[str, str], tuple[str, datetime | None, str]] = field(default_factory=dict)
    said: int = 0
    """How much was said of it in this unit; part of the key of each letter."""


class Records:
    """What is known of patients; the one place that reads and writes it."""

    def __init__(
        self,
        connection: Connection,
        network: Network,
        now: datetime,
        draw: Draw,
        roster: Callable[[], Roster],
        *,
        locks: bool,
    ) -> None:
        self._connection = connection
        self._network = network
        self._now = now
        self._today = network.calendar.day(now)
        self._draw = draw
        self._roster = roster
        self._locks = locks
        self._held: dict[str, Held] = {}
        self._versions = Versions(connection)

    # One patient

    @property
    def held(self) -> Iterable[Held]:
        return self._held.values()

    def hold(self, codes: Collection[str]) -> None:
        """Read these in one go, and keep others away from them until the end of the unit."""
        # In one order for everybody: two units that lock each other's next would both stand still.
        wanted = sorted(set(codes) - self._held.keys())
        if wanted:
            self._held |= self._load(wanted, LOCKED if self._locks else PATIENTS)

    def get(self, code: str) -> Record | None:
        """The record, held: read once, the same for all in this unit."""
        self.hold([code])
        found = self._held.get(code)
        return found.record if found else None

    def look(self, codes: Collection[str]) -> dict[str, Record]:
        """Records to be shown and not changed; those that are held as they stand now.

        One that cannot be read is left out, so that the others are seen; the auditor names it.
        """
        wanted = sorted(set(codes) - self._held.keys())
        found = {code: held.record for code, held in self._load_readable(wanted).items()}
        found |= {code: self._held[code].record for code in codes if code in self._held}
        return found

    def recall(self, record: Record, kind: str, key: str) -> None:
        """Read one more thing of a held record: one that is over, and is not read with it."""
        row = self._one(record.code, kind, key)
        if row is not None and key not in record.things[kind]:
            instant, fault, facts = row
            record.things[kind][key] = kinds.thing_of(kind, facts, instant)
            self._held[record.code].things[kind, key] = (facts, instant, fault)

    def new(self, patient: Patient) -> Record:
        """A patient who is enrolled now."""
        record = self._record(patient)
        record.things[Watch.KIND][""] = Watch(state=WatchState.CLOSED)
        self._held[patient.code] = Held(record, 0)
        return record

    def version_of(self, record: Record) -> Held:
        return self._held[record.code]

    def _load_readable(self, codes: Sequence[str]) -> dict[str, Held]:
        try:
            return self._load(codes, PATIENTS)
        except UNREADABLE as error:
            # One bad row must not hide the others of a list: each is tried alone.
            if len(codes) == 1:
                logger.error("a record cannot be read: %s", described(error))
                return {}
        each = (self._load_readable([code]) for code in codes)
        return {code: held for found in each for code, held in found.items()}

    def _load(self, codes: Sequence[str], query: Any) -> dict[str, Held]:
        if not codes:
            return {}
        found: dict[str, Held] = {}
        values = {"codes": list(codes)}
        rows = self._connection.execute(query, values).all()
        for code, version, phase, late_at, facts in rows:
            patient = kinds.patient_of(facts)
            found[code] = Held(self._record(patient), version, patient=(facts, phase, late_at))
        for code, kind, key, instant, fault, facts in self._connection.execute(THINGS, values):
            # A kind that this program does not know is left as it was written.
            if code in found and kind in due.KINDS:
                held = found[code]
                held.record.things[kind][key] = kinds.thing_of(kind, facts, instant)
                held.things[kind, key] = (facts, instant, fault)
        for held in found.values():
            kinds.arrange(held.record)
        return found

    def _record(self, patient: Patient) -> Record:
        return Record(
            patient=patient,
            pathway=self._versions.get(patient.pathway),
            calendar=self._network.calendar,
            now=self._now,
            today=self._today,
            draw=self._draw,
            roster=self._roster(),
            product=self._network.product(patient.product),
            phones=self._network.phones.get(patient.centre, {}),
        )

    def digest_of_pathway(self) -> str:
        """The version that new patients start with, kept for them."""
        return self._versions.keep(self._network.pathway)

    # Written

    def write(self) -> None:
        """What changed, and nothing else."""
        changed: list[dict[str, Any]] = []
        whole: list[dict[str, Any]] = []
        for held in self._held.values():
            changed += self._changed(held)
            row = kinds.patient_row(held.record, held.version + 1)
            now = (row["facts"], row["phase"], row["late_at"])
            # Its number grows with what is said, for the keys of letters stand on it.
            if held.said or now != held.patient:
                held.version += 1
                whole.append(row)
            held.said, held.patient = 0, now
        if whole:
            upsert(self._connection, patients, whole)
        if changed:
            upsert(self._connection, dated, changed)

    def _changed(self, held: Held) -> list[dict[str, Any]]:
        rows = []
        for kind, things in held.record.things.items():
            for key, thing in things.items():
                before = held.things.get((kind, key))
                # Handled, it moves on: as long as it does not, what it met must still be seen.
                fault = before[2] if before and before[1] == thing.next_at else ""
                now = (kinds.facts_of(thing), thing.next_at, fault)
                # Compared as JSON, so that a tap writes the rows it changed and no other.
                if before != now:
                    row = kinds.dated_row(held.record, thing, now[0])
                    rows.append(row | {"fault": fault})
                    held.things[kind, key] = now
        return rows

    # The clock

    def first_due(self, besides: str = "") -> datetime | None:
        """When the first thing wants attention, one duty left out or none."""
        found = self._connection.execute(FIRST_DUE, {"besides": besides or "-"})
        first: datetime | None = found.scalar()
        return first

    def due(self, limit: int) -> list[Due]:
        """What has come, the most urgent first."""
        rows = self._connection.execute(DUE, {"now": self._now, "limit": limit})
        return [Due(*row) for row in rows]

    def put_off(self, items: Sequence[Due], until: datetime, fault: str) -> None:
        """What raised is left alone for a while, and marked, so that it is seen at once."""
        for item in items:
            one = update(dated).where(d.code == item.code, d.kind == item.kind, d.key == item.key)
            put_off = one.values(missed_at=INSTANT, next_at=until, fault=fault[:500])
            self._connection.execute(put_off)

    def hasten(self, latest: datetime) -> None:
        """What was put off by a wrong clock is tried again now."""
        far = (d.fault > "", d.next_at > latest)
        self._connection.execute(update(dated).where(*far).values(next_at=self._now))

    # Duties of the whole network: the same book, under no patient

    def duty(self, name: str) -> datetime | None:
        found = select(d.next_at).where(d.code == "", d.kind == DUTY, d.key == name)
        at: datetime | None = self._connection.execute(found).scalar()
        return at

    def set_duty(self, name: str, at: datetime) -> None:
        row = {
            "code": "",
            "kind": DUTY,
            "key": name,
            # After every patient: the house looks at itself when nobody waits.
            "rank": len(due.BOOK),
            "centre": "",
            "state": "open",
            "open": True,
            "owed_by": "",
            "together": "",
            "due_at": at,
            "late_at": None,
            "next_at": at,
            "missed_at": None,
            "fault": "",
            "facts": "{}",
        }
        upsert(self._connection, dated, [row])

    # Lists: each has an index, a limit and a next page

    def owed(self, team: str, centre: str, offset: int, limit: int) -> Page:
        """What a team has to do, the most urgent first; no centre: in all of them."""
        mine = [d.owed_by == team] + ([d.centre == centre] if centre else [])
        total = self._count(select(func.count()).where(*mine))
        found = select(d.code, d.kind, d.key).where(*mine)
        found = found.order_by(d.rank, d.due_at, d.code).limit(limit).offset(offset)
        return Page(total, offset, self._lines(found))

    def calling(self, centre: str, before: datetime, limit: int) -> list[tuple[str, str, str]]:
        """What may call a team that does not owe it alone: see `store.calling`."""
        return self._lines(calling.query(centre, before, limit))

    def late(self, offset: int, limit: int) -> Page:
        """What is late in the network, the gravest kind first, then the longest."""
        total = self._count(select(func.count()).where(d.rank.in_(RANKS), d.late_at <= self._now))
        parts = [
            select(d.code, d.kind, d.key, d.rank, d.late_at)
            .where(d.rank == rank, d.late_at <= self._now)
            .order_by(d.late_at)
            # Each rank by its index, no farther than the page: a sort of all would walk all.
            .limit(offset + limit)
            .subquery()
            for rank in RANKS
        ]
        every = union_all(*(select(part) for part in parts)).subquery()
        e = every.c
        found = select(e.code, e.kind, e.key).order_by(e.rank, e.late_at, e.code, e.key)
        return Page(total, offset, self._lines(found.limit(limit).offset(offset)))

    def missed(self, since: datetime, limit: int) -> Page:
        """Rounds that became missed since then: nobody answered, or nobody was asked."""
        which = (d.kind == "check", d.state == "missed", d.due_at >= since)
        total = self._count(select(func.count()).where(*which))
        found = select(d.code, d.kind, d.key).where(*which).order_by(d.due_at, d.code)
        return Page(total, 0, self._lines(found.limit(limit)))

    def closed(self, code: str, kind: str, key: str) -> Dated | None:
        """One thing as it was written, over or not."""
        row = self._one(code, kind, key)
        return kinds.thing_of(kind, row[2], row[0]) if row else None

    def _one(self, code: str, kind: str, key: str) -> Any:
        """Its instant, what it met, its facts; nothing if there is none."""
        mine = (d.code == code, d.kind == kind, d.key == key)
        return self._connection.execute(select(INSTANT, d.fault, d.facts).where(*mine)).first()

    def in_round(self, together: str) -> list[tuple[str, Dated]]:
        """The lines of a round, answered ones too: (code, check), as they stand in this unit."""
        found = select(d.code, d.kind, d.key, INSTANT, d.facts).where(d.together == together)
        lines = {
            (code, key): kinds.thing_of(kind, facts, instant)
            for code, kind, key, instant, facts in self._connection.execute(
                found.order_by(d.code).limit(ROUND)
            )
            if kind == "check"
        }
        for held in self._held.values():
            for key, check in held.record.checks.items():
                if check.round == together:
                    lines[held.record.code, key] = check
        return [(code, check) for (code, _), check in sorted(lines.items(), key=lambda i: i[0])]

    def count(self, centre: str = "") -> int:
        """How many there are whose pathway runs."""
        return self._count(select(func.count()).where(*self._running(centre)))

    def patients(self, centre: str, offset: int, limit: int) -> Page:
        """Those whose pathway runs, the nearest injection first."""
        total = self.count(centre)
        return Page(total, offset, self._by_day0(centre, offset, limit))

    def worried(self, centre: str, offset: int, limit: int) -> Page:
        """Those of whom something is late, an alert before all else, then the longest."""
        mine = [p.late_at <= self._now] + ([p.centre == centre] if centre else [])
        total = self._count(select(func.count()).where(*mine))
        grave = self._alarmed(centre)
        lines = [(code, "", "") for code in grave[offset : offset + limit]]
        found = select(*PATIENT).where(*mine, p.code.not_in(grave)).order_by(p.late_at, p.code)
        rest = found.limit(limit - len(lines)).offset(max(0, offset - len(grave)))
        return Page(total, offset, [*lines, *self._lines(rest)])

    def _alarmed(self, centre: str) -> list[str]:
        """Those about whom an alert runs, the oldest alert first."""
        mine = [d.kind == "alert", d.state.in_(RUNNING)] + ([d.centre == centre] if centre else [])
        found = select(d.code).where(*mine).order_by(d.due_at, d.code).limit(ROUND)
        return list(dict.fromkeys(self._connection.execute(found).scalars()))

    def calm(self, centre: str, offset: int, limit: int) -> Page:
        """Those of whom nothing is late, the nearest injection first."""
        calm = or_(p.late_at.is_(None), p.late_at > self._now)
        return Page(0, offset, self._by_day0(centre, offset, limit, calm))

    def watched(self, centre: str, offset: int, limit: int) -> Page:
        """Those under watch, the next round first; then the others whose pathway runs."""
        under = (d.kind == Watch.KIND, d.state == WatchState.OPEN.value)
        mine = under + ((d.centre == centre,) if centre else ())
        watched = self._count(select(func.count()).where(*mine))
        found = select(d.code, d.kind, d.key).where(*mine).order_by(d.due_at, d.code)
        lines = self._lines(found.limit(limit).offset(offset))
        # Only what runs is under watch.
        total = self.count(centre)
        begins, wanted = max(0, offset - watched), limit - len(lines)
        others = self._by_day0(centre, begins, wanted, p.code.not_in(select(d.code).where(*under)))
        return Page(total, offset, [*lines, *others])

    def phases(self, centre: str) -> dict[str, int]:
        """How many there are in each phase."""
        counted = select(p.phase, func.count()).where(*self._running(centre))
        # By state too, as the index is: what it gives needs no sorting.
        found: dict[str, int] = {}
        for phase, n in self._connection.execute(counted.group_by(p.state, p.phase)):
            found[phase] = found.get(phase, 0) + int(n)
        return found

    def codes(self, fours: Collection[str], limit: int | None = 100) -> list[str]:
        """The codes of these four characters, in any centre."""
        found = select(p.code).where(p.four.in_(sorted(fours))).order_by(p.code).limit(limit)
        return list(self._connection.execute(found).scalars())

    def after(self, code: str, limit: int) -> list[str]:
        """The next codes in their order: a walk through all."""
        found = select(p.code).where(p.code > code).order_by(p.code).limit(limit)
        return list(self._connection.execute(found).scalars())

    def running(self, begins: int, ends: int) -> list[str]:
        """A part of the codes whose pathway runs, in one order."""
        # That of an index: by code alone, all of them would be sorted for a few.
        found = select(p.code).where(*self._running("")).order_by(p.state, p.day0_on, p.code)
        return list(self._connection.execute(found.limit(ends - begins).offset(begins)).scalars())

    # The audit

    def suspects(self, before: datetime, limit: int) -> list[Line]:
        """Rows of the book that should not be: overdue, open without an instant, raised."""
        columns = (d.code, d.kind, d.key, d.open, d.next_at, d.fault)
        found = [
            select(*columns).where(d.next_at < before).limit(limit),
            select(*columns).where(d.next_at.is_(None), d.open).limit(limit),
            # Not `!=`, which no index serves.
            select(*columns).where(d.fault > "").limit(limit),
        ]
        rows = {
            tuple(row[:3]): Line(*row)
            for query in found
            for row in self._connection.execute(query)
        }
        return [rows[key] for key in sorted(rows)]

    def running_alerts(self, limit: int) -> list[tuple[str, str]]:
        """Alerts that are not over: (code, key), those nobody took first."""
        mine = (d.kind == Alert.KIND, d.state.in_(RUNNING))
        found = select(d.code, d.key).where(*mine).order_by(d.state, d.due_at).limit(limit)
        return [tuple(row) for row in self._connection.execute(found)]

    def pressing(self, limit: int) -> list[str]:
        """The codes of those about whom something is open whose next instant is never far."""
        return list(self._connection.execute(calling.pressing(limit)).scalars())

    def unheard(self, limit: int) -> list[tuple[str, str, str]]:
        """What was put to a team, waits, and reached no chat at all: (code, kind, key)."""
        return self._lines(calling.unheard(limit))

    def _running(self, centre: str) -> tuple[Any, ...]:
        running = p.state.in_(STATES_RUNNING)
        return (running, p.centre == centre) if centre else (running,)

    def _by_day0(
        self, centre: str, offset: int, limit: int, *which: Any
    ) -> list[tuple[str, str, str]]:
        """Those that run and are such, the nearest injection first."""
        mine = (*which, p.centre == centre) if centre else which
        parts = [
            select(p.code, p.day0_on)
            .where(p.state == state, *mine)
            .order_by(p.day0_on, p.code)
            # Each state by its index, no farther than the page: a sort of all would walk all.
            .limit(offset + limit)
            .subquery()
            for state in STATES_RUNNING
        ]
        every = union_all(*(select(part) for part in parts)).subquery()
        found = select(every.c.code, literal(""), literal(""))
        found = found.order_by(every.c.day0_on, every.c.code).limit(limit).offset(offset)
        return self._lines(found)

    def _count(self, query: Any) -> int:
        return int(self._connection.execute(query).scalar_one())

    def _lines(self, query: Any) -> list[tuple[str, str, str]]:
        return [tuple(row) for row in self._connection.execute(query)]


DUTY = "duty"
STATES_RUNNING = (PatientState.ACTIVE.value, PatientState.PAUSED.value)
ROUND = 200
"""More lines than any unit has beds."""
