"""The simulation: hospitals whose people, network and machine behave as a seed says.

`python -m tests.simulation 1000 0` plays a thousand of them in memory, and some on a database too.
A seed replays exactly: every draw comes from it, and nothing else is asked for chance or time.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from random import Random
from time import perf_counter
from typing import Any, Protocol

from bot import pathways
from bot.care import auditor, cycle, evidence, joining, receipts
from bot.domain import checklist, ending, schedule
from bot.domain import relay as rules
from bot.domain.calendar import Calendar
from bot.domain.facts import Alert, Check, EndState, PatientState, Relay, Step, StepState
from bot.domain.message import Kind, Priority, Text
from bot.domain.network import Network
from bot.domain.pathway import Item, ItemKind
from bot.domain.people import Group, Member
from bot.domain.record import Record
from bot.domain.roles import Team
from bot.handlers import Desk
from bot.settings import Settings
from bot.store import Unit
from bot.store.memory import Memory, whole

STRIDES = (0.2, 1, 3, 7, 13, 26)
"""Hours between two looks at the work; the longest leaves a whole day to nobody."""
HASTE = (0.05, 0.2, 0.6, 2.2)
"""While an alert runs: nobody sleeps through a telephone that rings every five minutes."""
AFTER = timedelta(days=32)
LAST = 600
"""Strides after which a pathway that did not come to its end is a failure."""
NUMBERED_FROM = 1000
"""Of the messages that arrive; those that are pressed have the number 1, and are none of them."""
RINGS = 400
"""Rings at one instant after which something due does not move."""


class Store(Protocol):
    """A database, or its twin in memory."""

    network: Network
    clock: Callable[[], datetime]

    def unit(self) -> AbstractContextManager[Unit]: ...
    def look(self) -> AbstractContextManager[Unit]: ...


class Keys:
    """Words that stay keys: what is said is known, how is somebody else's test."""

    @staticmethod
    def render(said: Text) -> str:
        return said.key

    plain = render


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, seed: int) -> None:
        # Some day of the year, so that both changes of hour come in turn.
        start = datetime(2026, 3, 2, 8, tzinfo=UTC)
        self.now = start + timedelta(days=seed * 37 % 365, hours=seed % 9)

    def __call__(self) -> datetime:
        return self.now


@cache
def network() -> Network:
    """The network of the defaults, without public holidays."""
    defaults = Settings.model_construct()
    return Network(
        centres=defaults.centres,
        pathway=pathways.load(defaults.pathway),
        products=pathways.load_products(),
        calendar=Calendar(defaults.timezone, is_holiday=lambda _: False),
        bot_name="relais_bot",
    )


@dataclass(frozen=True)
class Person:
    """Somebody with a phone."""

    id: int
    team: Team


Carry = Callable[[], list[receipts.Landed]]
"""All that waits arrives; gives the calls of alerts among it."""


class Broken(AssertionError):
    """Something that must always hold did not."""


class Simulation:
    """One hospital, some patients, from the decision to J+31."""

    def __init__(self, seed: int, store: Store, clock: Clock, carry: Carry | None = None) -> None:
        self.rng, self.store, self.clock = Random(seed), store, clock
        self._carry = carry or (lambda: _deliver(store))
        self._desk = Desk("relais_bot")
        self._numbers = count(1)
        self.people: list[Person] = []
        self.codes: list[str] = []
        self.willing = self.rng.uniform(0.5, 0.95)
        """How likely somebody does what is to do when it is looked at."""

    def run(self) -> int:
        """Play it to its end; gives how many pathways came to theirs."""
        self._open()
        for _ in range(self.rng.choice((1, 1, 2))):
            self._enrol()
        for _ in range(LAST):
            if self._over():
                break
            self._stride()
        else:
            raise Broken(f"not over: {self._left()}")
        self.hold()
        with self.store.look() as unit:
            unproven = list(evidence.unproven(unit))
        if unproven:
            raise Broken("; ".join(unproven))
        return len(self.codes)

    # The network

    def _open(self) -> None:
        with self.store.unit() as unit:
            for place, team in enumerate(Team):
                chat = -100 - place
                unit.people.put_group(Group(chat, team, team, "TLS", unit.now))
                unit.events.record("group_bound", team=team, centre="TLS", chat=chat)
                for _ in range(1 + self.rng.randrange(2)):
                    self._person(unit, team)
            auditor.hang_duties(unit)
        self._leave_out_the_audit()

    def _leave_out_the_audit(self) -> None:
        # `hold` asks the same after each stride.
        with self.store.unit() as unit:
            unit.records.set_duty(auditor.AUDIT, unit.now + timedelta(days=366))

    def _person(self, unit: Unit, team: Team) -> None:
        person = Person(1000 + len(self.people), team)
        joined = unit.people.join(
            Member(0, person.id, f"{team} {person.id}", team, "TLS", unit.now)
        )
        # As `joining.join` logs it: what is known is held against what was logged.
        unit.events.record(
            "member_joined", member=joined.id, team=team, centre="TLS", account=person.id
        )
        self.people.append(person)

    def _group(self, team: Team) -> int:
        return -100 - list(Team).index(team)

    def _enrol(self) -> None:
        apheresis = self.clock.now.date() + timedelta(days=self.rng.randrange(8, 12))
        day0 = apheresis + timedelta(days=self.rng.randrange(18, 26))
        nurse = next(p for p in self.people if p.team is Team.COORDINATION)
        known = set(self._codes())
        self._say(nurse, f"/nouveau yescarta apherese {apheresis} j0 {day0} centre TLS")
        self.tap(nurse, nurse.id, "enrol:create")
        [code] = set(self._codes()) - known
        self.codes.append(code)

    def _codes(self) -> list[str]:
        with self.store.look() as unit:
            return [code for code, _, _ in unit.records.patients("", 0, 50).lines]

    def _over(self) -> bool:
        return not self._left() and self.clock.now.date() > self._last_day()

    def _last_day(self) -> date:
        return max(record.patient.day0_on for record in self.records()) + AFTER

    def records(self) -> list[Record]:
        with self.store.look() as unit:
            return list(unit.records.look(self.codes).values())

    def _left(self) -> list[str]:
        """What still waits for somebody."""
        return [
            f"{thing.KIND} {record.code} {thing.key}"
            for record in self.records()
            for thing in (
                *(s for s in record.steps.values() if s.state == StepState.PLANNED),
                *record.open_relays(),
                *record.running_alerts(),
            )
        ]

    # Time

    def _stride(self) -> None:
        self._trouble()
        self.advance(timedelta(hours=self.rng.choice(self._pace())))
        for code in self.codes:
            self._work(code)
        self._post()
        self.advance(timedelta(seconds=61))
        self.hold()

    def _pace(self) -> tuple[float, ...]:
        records = self.records()
        if any(record.running_alerts() for record in records):
            return HASTE
        # Under watch a report that is left rings every five minutes until the next look.
        return STRIDES[:4] if any(r.watch.next_at for r in records) else STRIDES

    def advance(self, amount: timedelta) -> None:
        """Let time pass, stopping at each instant at which something is due."""
        end = self.clock.now + amount
        while (due := self._next_due()) is not None and due <= end:
            self.clock.now = max(self.clock.now, due)
            self._ring()
        self.clock.now = end
        self._ring()

    def _next_due(self) -> datetime | None:
        with self.store.look() as unit:
            return cycle.next_due(unit)

    def _ring(self) -> None:
        for _ in range(RINGS):
            if not sum(cycle.ring(self.store)):  # type: ignore[arg-type]
                break
        else:
            raise Broken(f"a due item did not move: {self._next_due()}")
        self._post()

    def _post(self) -> None:
        calls = self._carry()
        if calls:
            with self.store.unit() as unit:
                receipts.landed(unit, calls)

    # What goes wrong

    def _trouble(self) -> None:
        luck = self.rng.random()
        if luck < 0.03:
            self.clock.now += timedelta(hours=self.rng.uniform(0.1, 12))  # the machine is off
            self._ring()
        elif luck < 0.05:
            self.clock.now -= timedelta(minutes=self.rng.uniform(1, 90))
            # As the bot does when it sees that the machine's clock went back.
            for _ in cycle.hasten(self.store):  # type: ignore[arg-type]
                pass
            self._leave_out_the_audit()
        elif luck < 0.08:
            self._lose_a_chat()

    def _lose_a_chat(self) -> None:
        """A group puts the bot out, and lets it in again, perhaps as a plain member."""
        chat, admin = self._group(self.rng.choice(list(Team))), self.rng.random() < 0.5
        for present in (False, True):
            with self.store.unit() as unit:
                joining.meet_group(unit, chat, "group", present=present, admin=admin)

    # What people do

    def _may(self, chance: float = 1) -> bool:
        return self.rng.random() < self.willing * chance

    def _say(self, person: Person, text: str) -> None:
        body = {
            "message_id": next(self._numbers),
            "from": {"id": person.id, "first_name": "x"},
            "chat": {"id": person.id, "type": "private"},
            "text": text,
        }
        self._receive({"update_id": next(self._numbers), "message": body})

    def tap(self, person: Person, chat: int, data: str) -> None:
        number = next(self._numbers)
        query = {
            "id": str(number),
            "from": {"id": person.id, "first_name": "x"},
            "data": data,
            "message": {"message_id": 1, "chat": {"id": chat}},
        }
        self._receive({"update_id": number, "callback_query": query})

    def _receive(self, raw: dict[str, Any]) -> None:
        with self.store.unit() as unit:
            self._desk.handle(unit, [raw])

    def _press(self, team: Team, data: str) -> None:
        """A member of the team presses it, sometimes twice, in the group or in private."""
        who = self.rng.choice([person for person in self.people if person.team is team])
        chat = self.rng.choice((self._group(team), who.id))
        self.tap(who, chat, data)
        if self._may(0.05):
            self.tap(who, chat, data)

    def _record(self, code: str) -> Record:
        with self.store.look() as unit:
            return unit.records.look([code])[code]

    def _work(self, code: str) -> None:
        for slug in [step.key for step in _to_do(self._record(code))]:
            if self._may():
                self._do(code, slug)
        self._react(code)
        if self._may(0.004):
            self._end(code)

    def _end(self, code: str) -> None:
        """A death, or another end: said by the coordination, confirmed, forgotten or withdrawn."""
        if self._record(code).patient.state == PatientState.ENDED:
            return
        reason = self.rng.choice(ending.REASONS)
        self._press(Team.COORDINATION, f"end:ask:{code}:{reason}")
        for end in self._record(code).ends.values():
            verb = self.rng.choice(("confirm", "confirm", "withdraw"))
            if end.state == EndState.ASKED and self._may():
                self._press(Team.GREFFE, f"end:{verb}:{code}:{end.key}")

    def _react(self, code: str) -> None:
        record = self._record(code)
        relays, checks = record.open_relays(), record.unanswered()
        alerts = record.running_alerts()
        for relay in relays:
            if self._may():
                self._read_back(code, relay)
        for check in checks:
            if self._may():
                self._answer(code, check)
        for alert in alerts:
            if self._may():
                self._care_for(code, alert)

    def _do(self, code: str, slug: str) -> None:
        record = self._record(code)
        step = record.steps[slug]
        team, items = Team(step.team), record.definition(step).items
        self._press(team, f"step:done:{code}:{slug}")
        for number, item in enumerate(items):
            for value in self._values(record, item):
                self._press(team, f"step:set:{code}:{slug}:{number}:{value}")
        self._press(team, f"step:confirm:{code}:{slug}")
        if self._may(0.05):
            self._press(team, f"step:undo:{code}:{slug}")

    def _values(self, record: Record, item: Item) -> Iterator[str]:
        """Any value that the buttons offer; where it must be what was announced, that at last."""
        if item.kind in (ItemKind.CHECK, ItemKind.TEXT):
            yield "1"
            return
        yield self.rng.choice(checklist.offered(item, self.clock.now, record.calendar))
        if item.equals:
            slug, name = item.equals.split(".")
            yield str(record.steps[slug].values[name])

    def _read_back(self, code: str, relay: Relay) -> None:
        team, key = Team(relay.to_team), relay.key
        if rules.locked(relay):
            self._press(Team(relay.from_team), f"relay:unlock:{code}:{key}")
        self._press(team, f"relay:receive:{code}:{key}")
        # Drawn anew by the unlock that was pressed above.
        choices = self._record(code).relays[key].choices
        for given in self.rng.sample(choices, k=self.rng.randrange(1, 5)):
            self._press(team, f"relay:answer:{code}:{key}:{given}")

    def _answer(self, code: str, check: Check) -> None:
        team, key = Team(check.team), check.key
        if self._may(0.95):
            self._press(team, f"check:ras:{code}:{key}")
            return
        self._press(team, f"check:report:{code}:{key}")
        sign = self.rng.choice(("src", "icans", "autre"))
        if self._may():
            self._press(team, f"report:sign:{code}:{key}:{sign}")
        elif self._may(0.5):
            self._press(team, f"report:cancel:{code}:{key}")

    def _care_for(self, code: str, alert: Alert) -> None:
        about = f"{code}:{alert.key}"
        if self._may(0.5):
            self._press(Team.GREFFE, f"alert:grade:{about}:{self.rng.randrange(1, 5)}")
        if self._may(0.1):
            self._press(Team.GREFFE, f"alert:sign:{about}:{self.rng.choice(('src', 'icans'))}")
        for team in self.rng.sample([Team.REANIMATION, Team.NEUROLOGIE, Team.EFS], k=2):
            self._press(team, f"alert:take:{about}")
        outcome = self.rng.choice(("stable", "suite", "resolue"))
        self._press(Team.REANIMATION, f"alert:outcome:{about}:{outcome}")
        if self._may(0.05):
            self._press(Team.COORDINATION, f"alert:cancel:{about}")

    # What must hold whatever happens

    def hold(self) -> None:
        """What the auditor checks in production, of every record."""
        with self.store.look() as unit:
            found = auditor.unexplained(unit, None)
        if found:
            raise Broken("; ".join(found))


def _to_do(record: Record) -> list[Step]:
    """The steps whose day has come and that nothing holds back."""
    soon = record.now + timedelta(hours=4)
    return [
        step
        for step in record.plan()
        if step.state == StepState.PLANNED
        and step.due_at <= soon
        and not schedule.waits(record, step)
    ]


def _deliver(store: Any) -> list[receipts.Landed]:
    calls = []
    for letter in store.facts.waiting.values():
        letter["state"], letter["message_id"] = "sent", letter["id"] + NUMBERED_FROM
        if (letter["kind"], letter["priority"]) == (Kind.SEND, Priority.ALERT):
            calls.append((letter["cause"], letter["team"], letter["chat_id"]))
    store.facts.waiting.clear()
    return calls


# Played in memory


def play(seed: int) -> tuple[int, Memory]:
    """One hospital in memory; gives how many pathways came to their end, and all that is left."""
    clock = Clock(seed)
    store = Memory(clock=clock, words=Keys(), network=network(), draw=draws(seed))
    return Simulation(seed, store, clock).run(), store


def draws(seed: int) -> Callable[[int], int]:
    """The chance of the bot itself: codes, and the answers of read-backs."""
    return Random(f"draws {seed}").randrange


def transcript(store: Memory) -> list[str]:
    """Everything that was said and everything that is known, to compare two plays."""
    said = [
        f"{x['created_at'].isoformat()} {x['chat_id']} {x['kind']} {x['body']} {x['dedupe_key']}"
        for x in store.facts.letters
    ]
    known = [repr(whole(store.facts.records[code].record)) for code in sorted(store.facts.records)]
    return sorted(said) + known


# Played in numbers


def _outcome(seed: int) -> tuple[int, str]:
    try:
        return play(seed)[0], ""
    except Exception as error:
        return 0, f"{type(error).__name__}: {error}"


def main(seeds: int, first: int) -> int:
    """Play them all, on every core; print the figure, or the first seed that fails."""
    began, patients = perf_counter(), 0
    with ProcessPoolExecutor() as pool:
        for seed, (ended, fault) in enumerate(
            pool.map(_outcome, range(first, first + seeds)), first
        ):
            if fault:
                pool.shutdown(cancel_futures=True)
                sys.stdout.write(f"seed {seed} failed: {fault}\n")
                return 1
            patients += ended
    took = perf_counter() - began
    sys.stdout.write(
        f"{seeds} hospitals, {patients} patients, {took:.1f} s:"
        f" {1000 * took / patients:.0f} ms a patient\n"
    )
    from tests import twins  # they play with this module

    return twins.compare(range(first, first + seeds))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
