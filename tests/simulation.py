"""The simulation: a hospital whose people, network and machine behave as a seed says."""

from collections import Counter
from datetime import date, timedelta
from random import Random

from sqlmodel import col, select

from bot.care.checklist import codes_of
from bot.care.planning import definition, values_of, waits_for
from bot.domain.pathway import Item, ItemKind
from bot.domain.roles import Team
from bot.models import (
    Alert,
    Check,
    CheckState,
    Event,
    LetterState,
    Outbox,
    Patient,
    Relay,
    RelayState,
    Round,
    Step,
    StepState,
)
from bot.outbox import SendError
from bot.store import Unit
from tests.fakes import FakeClock
from tests.hospital import ANY, Hospital

FAULTS = (
    SendError("connection refused"),
    SendError("timed out", unknown=True),
    SendError("too many requests", retry_after=timedelta(seconds=20)),
)
STRIDES = (0.2, 1, 3, 7, 13, 26)
"""Hours between two looks at the work; the longest leaves a whole day to nobody."""
HASTE = (0.05, 0.2, 0.6, 2.2)
"""While an alert runs: nobody sleeps through a telephone that rings every five minutes."""
AFTER = timedelta(days=32)
LAST = 600
"""Strides after which a pathway that did not come to its end is a failure."""


class Simulation:
    """One hospital, some patients, from the decision to J+31."""

    def __init__(self, seed: int, ward: Hospital) -> None:
        self.rng, self.ward = Random(seed), ward
        self.codes: list[str] = []
        self.willing = self.rng.uniform(0.5, 0.95)
        """How likely somebody does what is to do when it is looked at."""

    async def run(self) -> int:
        """Play it to its end; gives how many pathways came to theirs."""
        self.ward.staff()
        for team in Team:
            for number in range(self.rng.randrange(2)):
                self.ward.person(f"{team} {number}", team)
        await self._enrol()
        for _ in range(LAST):
            if self._over():
                break
            await self._stride()
        else:
            raise AssertionError(f"not over: {self._left()}")
        self._hold(chain=True)
        return len(self.codes)

    async def _enrol(self) -> None:
        today = self.ward.clock().date()
        for _ in range(self.rng.choice((1, 1, 2))):
            apheresis = today + timedelta(days=self.rng.randrange(8, 12))
            day0 = apheresis + timedelta(days=self.rng.randrange(18, 26))
            self.codes.append(await self.ward.enrol(f"{apheresis:%d/%m/%Y}", f"{day0:%d/%m/%Y}"))

    def _over(self) -> bool:
        return not self._left() and self.ward.clock().date() > self._last_day()

    def _last_day(self) -> date:
        return max(self.ward.patient(code).day0_on for code in self.codes) + AFTER

    def _left(self) -> list[str]:
        """What still waits for somebody."""

        def left(unit: Unit) -> list[str]:
            steps = [f"step {step.slug}" for step in unit.planned_steps()]
            relays = [f"relay {relay.id}" for relay in unit.open_relays()]
            return steps + relays + [f"alert {alert.id}" for alert in unit.running_alerts()]

        return list(self.ward.ask(left))

    async def _stride(self) -> None:
        await self._trouble()
        await self.ward.advance(hours=self.rng.choice(self._pace()))
        for code in self.codes:
            await self._work(code)
        self._hold_letters()
        self.ward.transport.recover()
        await self.ward.advance(seconds=61)
        self._hold(chain=self.rng.random() < 0.05)

    def _pace(self) -> tuple[float, ...]:
        if self.ward.ask(lambda unit: unit.running_alerts()):
            return HASTE
        # Under watch a report that is left rings every five minutes until the next look.
        return STRIDES[:4] if self.ward.ask(lambda unit: unit.first_due()["check"]) else STRIDES

    # What goes wrong

    async def _trouble(self) -> None:
        luck = self.rng.random()
        if luck < 0.15:
            chat = self.ward.chat(self.rng.choice(list(Team)))
            self.ward.transport.fail(chat, *self.rng.choices(FAULTS, k=self.rng.randrange(1, 4)))
        elif luck < 0.20:
            await self.ward.restart()
        elif luck < 0.23:
            self.ward.jump(hours=self.rng.uniform(0.1, 12))
            await self.ward.restart()
        elif luck < 0.25:
            self.ward.clock.advance(minutes=-self.rng.uniform(1, 90))

    # What people do

    def _may(self, chance: float = 1) -> bool:
        return self.rng.random() < self.willing * chance

    async def _tap(self, team: Team, data: str) -> str:
        """A member of the team presses it, sometimes twice, in the group or in private."""
        who = self.rng.choice([person for person in self.ward.people if person.team == team])
        chat = self.rng.choice((self.ward.chat(team), who.id))
        said = self.ward.popup(await self.ward.tap(who, chat, ANY, data))
        if self._may(0.05):
            await self.ward.tap(who, chat, ANY, data)
        assert said != "edge.sorry", data
        return said

    async def _work(self, code: str) -> None:
        patient = self.ward.patient(code)
        for step in self.ward.ask(lambda unit: _to_do(unit, patient)):
            if self._may():
                await self._do(step)
        await self._react(patient)

    async def _react(self, patient: Patient) -> None:
        for relay in self.ward.ask(lambda unit: _open(unit, patient)):
            if self._may():
                await self._read_back(relay)
        for check in self.ward.ask(lambda unit: unit.open_checks_of(patient.id)):
            if self._may():
                await self._answer(patient, check)
        for alert in self.ward.ask(lambda unit: unit.running_alerts(patient.id)):
            if self._may():
                await self._care_for(alert)

    async def _do(self, step: Step) -> None:
        team = Team(step.team)
        items = self.ward.ask(lambda unit: definition(unit, step)).items
        await self._tap(team, f"step:done:{step.id}")
        for number, item in enumerate(items):
            await self._set(team, step, number, item)
        await self._tap(team, f"step:confirm:{step.id}")
        if self._may(0.05):
            await self._tap(team, f"step:undo:{step.id}")

    async def _set(self, team: Team, step: Step, number: int, item: Item) -> None:
        """Any value that the buttons offer; where it must be what was announced, that at last."""
        coded = ["1"]
        if item.kind not in (ItemKind.CHECK, ItemKind.TEXT):
            coded = [self.rng.choice(self._offered(item))]
        if item.equals:
            coded.append(str(self.ward.ask(lambda unit: _announced(unit, step, item))))
        for value in coded:
            await self._tap(team, f"step:set:{step.id}:{number}:{value}")

    def _offered(self, item: Item) -> list[str]:
        offered: list[str] = self.ward.ask(
            lambda unit: codes_of(item, unit.now, unit.network.calendar)
        )
        return offered

    async def _read_back(self, relay: Relay) -> None:
        team = Team(relay.to_team)
        await self._tap(team, f"relay:receive:{relay.id}")
        for place in self.rng.sample(range(4), k=self.rng.randrange(1, 5)):
            await self._tap(team, f"relay:answer:{relay.id}:{place}")

    async def _answer(self, patient: Patient, check: Check) -> None:
        team = Team(self.ward.ask(lambda unit: unit.round(check.round_id)).team)
        if self._may(0.95):
            await self._tap(team, f"check:ras:{check.id}")
            return
        await self._tap(team, f"check:report:{check.id}")
        sign = self.rng.choice(("src", "icans", "autre"))
        if self._may():
            await self._tap(team, f"report:sign:{patient.id}:{check.id}:{sign}")
        elif self._may(0.5):
            await self._tap(team, f"report:cancel:{patient.id}:{check.id}")

    async def _care_for(self, alert: Alert) -> None:
        number = alert.id
        if self._may(0.5):
            await self._tap(Team.GREFFE, f"alert:grade:{number}:{self.rng.randrange(1, 5)}")
        if self._may(0.1):
            await self._tap(
                Team.GREFFE, f"alert:sign:{number}:{self.rng.choice(('src', 'icans'))}"
            )
        for team in self.rng.sample([Team.REANIMATION, Team.NEUROLOGIE, Team.EFS], k=2):
            await self._tap(team, f"alert:take:{number}")
        outcome = self.rng.choice(("stable", "suite", "resolue"))
        await self._tap(Team.REANIMATION, f"alert:outcome:{number}:{outcome}")
        if self._may(0.05):
            await self._tap(Team.COORDINATION, f"alert:cancel:{number}")

    # What must hold whatever happens

    def _hold(self, *, chain: bool) -> None:
        found = self.ward.faults() if chain else self.ward.unexplained()
        found += self.ward.ask(_unanswered) + self.ward.ask(_forgotten) + self.ward.ask(_twice)
        assert not found, found

    def _hold_letters(self) -> None:
        gone = self.ward.ask(_without_cause)
        assert not gone, gone


def _to_do(unit: Unit, patient: Patient) -> list[Step]:
    """The steps whose day has come and that nothing holds back."""
    planned = [s for s in unit.steps_of(patient.id) if s.state == StepState.PLANNED]
    soon = unit.now + timedelta(hours=4)
    return [step for step in planned if step.due_at <= soon and not waits_for(unit, step)]


def _open(unit: Unit, patient: Patient) -> list[Relay]:
    return [relay for relay in unit.open_relays() if relay.patient_id == patient.id]


def _announced(unit: Unit, step: Step, item: Item) -> object:
    slug, name = item.equals.split(".")
    other = next(each for each in unit.steps_of(step.patient_id) if each.slug == slug)
    return values_of(other)[name]


def _unanswered(unit: Unit) -> list[str]:
    """Checks that are neither answered nor missed, and that nobody will ask for again."""
    asked = Counter(
        check.patient_id
        for check in unit.session.scalars(select(Check).where(col(Check.state) == "asked"))
    )
    return [f"patient {patient} asked {n} times at once" for patient, n in asked.items() if n > 1]


def _forgotten(unit: Unit) -> list[str]:
    """An alert ends taken and closed, or it still wants something."""
    return [f"alert {alert.id}" for alert in unit.running_alerts() if alert.next_at is None]


def _twice(unit: Unit) -> list[str]:
    """Steps that were done more often than they were taken back."""
    done: Counter[tuple[int | None, str]] = Counter()
    worth = {"step_done": 1, "step_not_required": 1, "step_undone": -1}
    for event in unit.session.scalars(select(Event).where(col(Event.kind).in_(worth))):
        done[event.patient_id, event.data.split('"step": "')[1].split('"')[0]] += worth[event.kind]
    return [
        f"{step} of patient {patient}" for (patient, step), n in done.items() if n not in (0, 1)
    ]


def _without_cause(unit: Unit) -> list[str]:
    """Letters that wait although what they are about is over."""
    waiting = select(Outbox).where(
        col(Outbox.state) == LetterState.PENDING, col(Outbox.cause) != ""
    )
    found = unit.session.scalars(waiting).all()
    return [letter.dedupe_key for letter in found if _is_over(unit, letter.cause)]


def _is_over(unit: Unit, cause: str) -> bool:
    kind, number = cause.split(":")[:2]
    if kind == "step":
        return unit.session.get_one(Step, int(number)).state != StepState.PLANNED
    if kind == "relay":
        return unit.session.get_one(Relay, int(number)).state != RelayState.OFFERED
    if kind == "round":
        round_ = unit.session.get_one(Round, int(number))
        open_ = (CheckState.ASKED, CheckState.REPORTING)
        return all(check.state not in open_ for check in unit.checks_in(round_.id))
    return False


def seeded_clock(seed: int) -> FakeClock:
    """Some day of the year, so that both changes of hour and the holidays come in turn."""
    clock = FakeClock()
    clock.advance(days=seed * 37 % 365, hours=seed % 9)
    return clock
