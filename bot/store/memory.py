"""The same store in memory: for what must be played by the thousand, without a database.

It answers as the other one does; the simulation plays the same hospitals on both to show it.
Nothing is rolled back here: a rule that refuses has changed nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any, cast

from bot.domain import due
from bot.domain.facts import (
    RUNNING,
    UNANSWERED,
    Alert,
    Check,
    Dated,
    Patient,
    PatientState,
    Watch,
    WatchState,
)
from bot.domain.invariants import Line
from bot.domain.network import Network
from bot.domain.people import Group, Member, Roster
from bot.domain.record import Draw, Record
from bot.store.events import Events
from bot.store.memory_letters import Facts, Fault, MemoryEvents, MemoryOutbox
from bot.store.outbox import Outbox
from bot.store.people import Draft, Invitation, People
from bot.store.proofs import Proof, Proofs
from bot.store.records import DUTY, Due, Held, Page, Records
from bot.store.unit import Unit, Words


class MemoryPeople:
    """Who is there."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    @property
    def roster(self) -> Roster:
        return self._facts.roster

    def join(self, member: Member) -> Member:
        joined = member if member.id else replace(member, id=len(self.roster.members) + 1)
        self.put(joined)
        return joined

    def put(self, member: Member) -> None:
        members = {**self.roster.members, member.id: member}
        self._facts.roster = Roster(members, self.roster.groups)

    def put_group(self, group: Group) -> None:
        groups = {**self.roster.groups, group.chat_id: group}
        self._facts.roster = Roster(self.roster.members, groups)

    def invitation(self, token_hash: str) -> Invitation | None:
        return self._facts.invitations.get(token_hash)

    def put_invitation(self, invitation: Invitation) -> None:
        self._facts.invitations[invitation.token_hash] = invitation

    def draft(self, member_id: int, chat_id: int) -> Draft | None:
        return self._facts.drafts.get((member_id, chat_id))

    def put_draft(self, draft: Draft) -> None:
        self._facts.drafts[draft.member_id, draft.chat_id] = draft

    def end_draft(self, draft: Draft) -> None:
        self._facts.drafts.pop((draft.member_id, draft.chat_id), None)

    def purge_drafts(self, before: datetime) -> None:
        kept = {k: d for k, d in self._facts.drafts.items() if d.updated_at >= before}
        self._facts.drafts = kept


class MemoryRecords:
    """What is known of patients."""

    def __init__(self, facts: Facts, network: Network, now: datetime, draw: Draw) -> None:
        self._facts = facts
        self._network = network
        self._now = now
        self._draw = draw
        self._held: dict[str, Held] = {}

    # One patient

    @property
    def held(self) -> Iterable[Held]:
        return self._held.values()

    def hold(self, codes: Collection[str]) -> None:
        for code in sorted(set(codes)):
            self.get(code)

    def get(self, code: str) -> Record | None:
        held = self._facts.records.get(code)
        if held is None:
            return None
        self._held[code] = held
        return self._at(held.record)

    def look(self, codes: Collection[str]) -> dict[str, Record]:
        kept = self._facts.records
        return {code: self._at(kept[code].record) for code in codes if code in kept}

    def _at(self, record: Record) -> Record:
        if record.now != self._now:
            record.now, record.today = self._now, self._today()
        # The other store reads it anew in each unit: who joined since must be seen here too.
        record.roster = self._facts.roster
        return record

    def _today(self) -> date:
        at, today = self._facts.today
        if at != self._now:
            today = self._network.calendar.day(self._now)
            self._facts.today = (self._now, today)
        return today

    def recall(self, record: Record, kind: str, key: str) -> None:
        found = self._facts.archive.get(record.code, {}).pop((kind, key), None)
        if found is not None:
            record.things[kind][key] = found

    def new(self, patient: Patient) -> Record:
        record = Record(
            patient=patient,
            pathway=self._network.pathway,
            calendar=self._network.calendar,
            now=self._now,
            today=self._today(),
            draw=self._draw,
            roster=self._facts.roster,
            product=self._network.product(patient.product),
            phones=self._network.phones.get(patient.centre, {}),
        )
        record.things[Watch.KIND][""] = Watch(state=WatchState.CLOSED)
        self._held[patient.code] = self._facts.records[patient.code] = Held(record, 0)
        return record

    def version_of(self, record: Record) -> Held:
        return self._held[record.code]

    def digest_of_pathway(self) -> str:
        return self._network.pathway.id

    def write(self) -> None:
        for code, held in self._held.items():
            # As in the database: the keys of letters stand on it.
            held.version += held.said > 0
            held.said = 0
            for kind in due.BOOK:
                if not kind.keeps_closed:
                    self._put_away(code, held.record, kind)

    def _put_away(self, code: str, record: Record, kind: due.Kind) -> None:
        things = record.things[kind.name]
        for key in [k for k, thing in things.items() if not kind.is_open(record, thing)]:
            self._facts.archive.setdefault(code, {})[kind.name, key] = things.pop(key)

    # The clock

    def _things(self) -> Iterator[tuple[Record, due.Kind, Dated]]:
        for held in self._facts.records.values():
            record = self._at(held.record)
            for kind in due.BOOK:
                for thing in record.things[kind.name].values():
                    yield record, kind, thing

    def first_due(self, besides: str = "") -> datetime | None:
        coming = [at for *_, at in self._coming()]
        duties = [at for name, at in self._facts.duties.items() if name != besides]
        return min([*coming, *duties], default=None)

    def _coming(self) -> list[tuple[str, str, Dated, datetime]]:
        put_off = bool(self._facts.faults)
        return [
            (code, kind, thing, at)
            for code, held in self._facts.records.items()
            for kind, things in held.record.things.items()
            for thing in things.values()
            # Asked more often than anything else: no call while nothing was put off.
            if (at := self._rings_at(code, thing) if put_off else thing.next_at) is not None
        ]

    def due(self, limit: int) -> list[Due]:
        records = self._facts.records
        things = [
            (due.RANKS[kind], at, code, thing.key, due.KINDS[kind].together(record, thing))
            for code, kind, thing, at in self._coming()
            if at <= self._now
            for record in (records[code].record,)
        ]
        found = [
            Due(code, due.BOOK[rank].name, key, together, at)
            for rank, at, code, key, together in sorted(things)
        ]
        duties = sorted((at, name) for name, at in self._facts.duties.items() if at <= self._now)
        return [*found, *(Due("", DUTY, name, "", at) for at, name in duties)][:limit]

    def put_off(self, items: Sequence[Due], until: datetime, fault: str) -> None:
        for item in items:
            if item.kind == DUTY:
                self._facts.duties[item.key] = until
                continue
            thing = self._facts.records[item.code].record.things[item.kind][item.key]
            where = item.code, item.kind, item.key
            self._facts.faults[where] = Fault(fault, thing.next_at, until)

    def hasten(self, latest: datetime) -> None:
        for where, fault in self._facts.faults.items():
            if fault.until > latest:
                self._facts.faults[where] = replace(fault, until=self._now)

    def duty(self, name: str) -> datetime | None:
        return self._facts.duties.get(name)

    def set_duty(self, name: str, at: datetime) -> None:
        self._facts.duties[name] = at

    # Lists

    def owed(self, team: str, centre: str, offset: int, limit: int) -> Page:
        found = [
            ((c.rank, c.due_at, record.code), (record.code, kind.name, thing.key))
            for record, kind, thing in self._things()
            for c in (due.columns(record, thing),)
            if c.owed_by == team and centre in ("", record.patient.centre)
        ]
        return _page(found, offset, limit)

    def calling(self, centre: str, before: datetime, limit: int) -> list[tuple[str, str, str]]:
        alerts, rounds = list[Any](), list[Any]()
        for record, kind, thing in self._things():
            if centre not in ("", record.patient.centre):
                continue
            line = (record.code, kind.name, thing.key)
            if isinstance(thing, Alert) and thing.state in RUNNING:
                alerts.append((thing.state, thing.raised_at, line))
            elif isinstance(thing, Check) and thing.state in UNANSWERED and thing.at <= before:
                rounds.append((thing.state, thing.at, line))
        # So many of each, what nobody has yet before what is taken; then by age.
        kept = (sorted(found)[:limit] for found in (alerts, rounds))
        return [line for each in kept for _, _, line in sorted(each, key=lambda one: one[1:])]

    def late(self, offset: int, limit: int) -> Page:
        found = [
            ((c.rank, c.late_at, record.code, thing.key), (record.code, kind.name, thing.key))
            for record, kind, thing in self._things()
            for c in (due.columns(record, thing),)
            if c.late_at is not None and c.late_at <= self._now
        ]
        return _page(found, offset, limit)

    def missed(self, since: datetime, limit: int) -> Page:
        found = [
            ((check.answered_at, code), (code, Check.KIND, check.key))
            for code, things in self._facts.archive.items()
            for check in things.values()
            if isinstance(check, Check) and check.state == "missed"
            if check.answered_at is not None and check.answered_at >= since
        ]
        return _page(found, 0, limit)

    def closed(self, code: str, kind: str, key: str) -> Dated | None:
        return self._facts.archive.get(code, {}).get((kind, key))

    def in_round(self, together: str) -> list[tuple[str, Dated]]:
        kept = [
            (code, check)
            for code, held in self._facts.records.items()
            for check in held.record.checks.values()
        ]
        over = [
            (code, check)
            for code, things in self._facts.archive.items()
            for check in things.values()
            if isinstance(check, Check)
        ]
        found: list[tuple[str, Dated]] = [
            (code, check) for code, check in kept + over if check.round == together
        ]
        return sorted(found, key=lambda pair: (pair[0], pair[1].key))

    def count(self, centre: str = "") -> int:
        return len(self._running(centre))

    def patients(self, centre: str, offset: int, limit: int) -> Page:
        return self._patients(centre, offset, limit, lambda _: True)

    def worried(self, centre: str, offset: int, limit: int) -> Page:
        return self._patients(centre, offset, limit, self._is_worried, grave=True)

    def calm(self, centre: str, offset: int, limit: int) -> Page:
        return self._patients(centre, offset, limit, lambda r: not self._is_worried(r))

    def _is_worried(self, record: Record) -> bool:
        since = due.late_from(record)
        return since is not None and since <= self._now

    def _patients(
        self,
        centre: str,
        offset: int,
        limit: int,
        which: Callable[[Record], bool],
        *,
        grave: bool = False,
    ) -> Page:
        def place(record: Record) -> tuple[Any, ...]:
            raised = [alert.raised_at for alert in record.running_alerts()]
            if grave:
                return not raised, min(raised, default=due.late_from(record)), record.code
            return record.patient.day0_on, record.code

        found = [
            (place(record), (record.code, "", ""))
            for record in self._running(centre)
            if which(record)
        ]
        return _page(found, offset, limit)

    def _running(self, centre: str) -> list[Record]:
        records = (self._at(held.record) for held in self._facts.records.values())
        return [
            record
            for record in records
            if record.patient.state != PatientState.ENDED and centre in ("", record.patient.centre)
        ]

    def watched(self, centre: str, offset: int, limit: int) -> Page:
        def place(record: Record) -> tuple[Any, ...]:
            if record.watch.state == WatchState.OPEN:
                return 0, record.watch.next_at, record.code
            return 1, record.patient.day0_on, record.code

        found = [(place(record), (record.code, "", "")) for record in self._running(centre)]
        return _page(found, offset, limit)

    def phases(self, centre: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for record in self._running(centre):
            phase = due.phase(record)
            found[phase] = found.get(phase, 0) + 1
        return found

    def codes(self, fours: Collection[str], limit: int | None = 100) -> list[str]:
        return sorted(c for c in self._facts.records if c.partition("-")[2] in fours)[:limit]

    def after(self, code: str, limit: int) -> list[str]:
        return sorted(each for each in self._facts.records if each > code)[:limit]

    def running(self, begins: int, ends: int) -> list[str]:
        patients = [record.patient for record in self._running("")]
        patients.sort(key=lambda each: (each.state, each.day0_on, each.code))
        return [each.code for each in patients][begins:ends]

    # The audit

    def suspects(self, before: datetime, limit: int) -> list[Line]:
        lines = [
            Line(record.code, kind.name, thing.key, is_open, thing.next_at, fault)
            for record, kind, thing in self._things()
            for is_open in (kind.is_open(record, thing),)
            for fault in (self._fault(record.code, thing),)
            if fault
            or (is_open and thing.next_at is None)
            or (thing.next_at is not None and thing.next_at < before)
        ]
        lines += [
            Line("", DUTY, name, True, at)
            for name, at in self._facts.duties.items()
            if at < before
        ]
        return lines[:limit]

    def _fault(self, code: str, thing: Dated) -> str:
        """As in the database: seen until the thing moves on."""
        found = self._fault_of(code, thing)
        return found.what if found else ""

    def _fault_of(self, code: str, thing: Dated) -> Fault | None:
        found = self._facts.faults.get((code, thing.KIND, thing.key))
        return found if found and found.missed_at == thing.next_at else None

    def _rings_at(self, code: str, thing: Dated) -> datetime | None:
        """Its instant, or when it is tried again."""
        found = self._fault_of(code, thing)
        return found.until if found else thing.next_at

    def running_alerts(self, limit: int) -> list[tuple[str, str]]:
        found = [
            ((thing.state, thing.raised_at), (record.code, thing.key))
            for record, _, thing in self._things()
            if isinstance(thing, Alert) and thing.state in RUNNING
        ]
        return [line for _, line in sorted(found)][:limit]

    def pressing(self, limit: int) -> list[str]:
        found = {
            record.code
            for record, kind, thing in self._things()
            if kind.farthest and kind.is_open(record, thing)
        }
        return sorted(found)[:limit]

    def unheard(self, limit: int) -> list[tuple[str, str, str]]:
        found = [
            ((due.RANKS[kind.name], kind.due_at(thing)), (record.code, kind.name, thing.key))
            for record, kind, thing in self._things()
            if kind.put_in and kind.put_in == thing.state
            if not self._facts.heard(record.cause(thing))
        ]
        return [line for _, line in sorted(found)[:limit]]


def _page(found: list[tuple[Any, tuple[str, str, str]]], offset: int, limit: int) -> Page:
    lines = [line for _, line in sorted(found, key=lambda pair: pair[0])]
    return Page(len(lines), offset, lines[offset : offset + limit])


class NoProofs:
    """A chain that is in no file has nothing to prove."""

    def take(self) -> Proof | None:
        return None

    def lost(self) -> list[Proof]:
        return []


class MemoryUnit(Unit):
    """A unit whose parts are in memory."""

    def __init__(self, memory: "Memory") -> None:
        facts = memory.facts
        self.now = memory.clock().astimezone(UTC)
        self.words, self.network, self.draw = memory.words, memory.network, memory.draw
        self.people = cast(People, MemoryPeople(facts))
        self.records = cast(Records, MemoryRecords(facts, self.network, self.now, self.draw))
        self.outbox = cast(Outbox, MemoryOutbox(facts, self.now))
        self.events = cast(Events, MemoryEvents(facts, self.now))
        self.proofs = cast(Proofs, NoProofs())

    def token(self, nonce: int) -> str:
        return str(nonce)

    def update_troubles(self, *_: Any) -> list[str]:
        return []

    def misfiled(self, *_: Any) -> Iterable[str]:
        """Nothing is filed here."""
        return ()

    def forget_updates(self, *_: Any) -> int:
        """None is kept."""
        return 0


class Memory:
    """A store that forgets: it stands where a `Database` stands."""

    def __init__(
        self, *, clock: Callable[[], datetime], words: Words, network: Network, draw: Draw
    ) -> None:
        self.clock, self.words, self.network, self.draw = clock, words, network, draw
        self.facts = Facts()

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """As a transaction, but what raises in it is not undone."""
        unit = MemoryUnit(self)
        yield unit
        unit.records.write()
        unit.outbox.write()

    ruling = unit

    @contextmanager
    def look(self) -> Iterator[Unit]:
        yield MemoryUnit(self)


def whole(record: Record) -> dict[str, Any]:
    """All that a record holds, to compare it with the same one elsewhere."""
    things = {k: {key: asdict(t) for key, t in of.items()} for k, of in record.things.items()}
    return {"patient": asdict(record.patient), **things}
