"""The hospital: a ward with its six teams in place, and what they do all day."""

import re
from datetime import datetime

from sqlalchemy import select, update

from bot.domain import check, schedule
from bot.domain.facts import Alert, Relay, StepState
from bot.domain.record import Record
from bot.domain.roles import Team
from bot.store import Database, Unit
from bot.store.inbox import inbox
from bot.store.records import DUTY, dated
from bot.store.sayings import outbox
from tests.fakes import FakeClock
from tests.ward import PARIS, Message, Person, Ward

BEFORE_INJECTION = (
    "rcp", "consentement", "bilan_apherese", "apherese", "expedition", "arrivee_labo",
    "liberation_lot", "reception_produit", "stockage_azote", "consultation_neuro", "irm", "eeg",
    "admission", "chimio_1", "chimio_2", "chimio_3", "feu_vert", "decongelation",
)  # fmt: skip
VALUES = {"reception_produit": {"poches": 2}, "consultation_neuro": {"ice": 10}}

ANY = 1
"""The id of a pressed message, where it does not matter which one it was."""


class Hospital(Ward):
    """One group and one member for each team of a centre."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        super().__init__(database, clock)
        self.excused: tuple[str, ...] = ()
        """How the faults begin that a scenario leaves behind on purpose."""

    def staff(self, *teams: Team, centre: str = "TLS") -> None:
        """Open the group of these teams (all of them by default), each with one member."""
        for team in teams or tuple(Team):
            self.group(team, centre)
            self.person(team.value.title(), team, centre)

    def who(self, team: Team, centre: str = "TLS") -> Person:
        """The first member of a team."""
        return next(p for p in self.people if (p.team, p.centre) == (team.value, centre))

    def chat(self, team: Team, centre: str = "TLS") -> int:
        """The group of a team."""
        return self.groups[team.value, centre]

    # Patients

    async def enrol(
        self, apheresis: str = "23/03/2026", day0: str = "27/04/2026", centre: str = "TLS"
    ) -> str:
        """Enrol a patient in one line; gives the code."""
        nurse = self.who(Team.COORDINATION)
        line = f"/nouveau yescarta apherese {apheresis} j0 {day0} centre {centre}"
        await self.say(nurse, line)
        await self.press(nurse, "patient.button.create")
        found = re.search(rf"{centre}-\w{{4}}", self.last(nurse))
        assert found, self.last(nurse)
        return found[0]

    async def injected(self, *, centre: str = "TLS", patients: int = 1) -> list[str]:
        """Patients injected today, 27 April 2026 at 10:00, everything before done in time.

        What came before the injection is written down, not played: its scenarios are others'.
        """
        codes = [await self.enrol(centre=centre) for _ in range(patients)]
        await self.skip_to("2026-04-27T10:00", BEFORE_INJECTION)
        for code in codes:
            await self.do(Team.GREFFE, code, "injection")
            for team in (Team.REANIMATION, Team.NEUROLOGIE):
                await self.read_back(team, code)
        return codes

    async def skip_to(self, when: str, slugs: tuple[str, ...] = ()) -> None:
        """Everything went well until then: these steps and every check; none of it is played."""
        self.clock.now = datetime.fromisoformat(when).replace(tzinfo=PARIS)
        for code in self.codes():
            with self.change(code) as record:
                all_done(record, slugs)
        with self.database.unit() as unit:
            duties = update(dated).where(dated.c.kind == DUTY)
            unit.connection.execute(duties.values(next_at=unit.now))
        await self.advance()

    def codes(self) -> list[str]:
        """Those whose pathway runs, the nearest injection first."""
        lines = self.ask(lambda unit: unit.records.patients("", 0, 100).lines)
        return [code for code, _, _ in lines]

    # Steps and relays

    async def do(self, team: Team, code: str, slug: str) -> str:
        """Tick the whole checklist of a step and confirm it; gives the pop-up."""
        who, chat, about = self.who(team), self.chat(team), f"{code}:{slug}"
        await self.say(who, "/afaire", chat)
        shown = self.screen(chat)[-1]
        await self.tap(who, chat, shown.id, f"step:show:{about}")
        await self.tap(who, chat, shown.id, f"step:done:{about}")
        while button := self._open_item(self.message_at(chat, shown.id)):
            await self.tap(who, chat, shown.id, button["data"])
        return self.popup(await self.tap(who, chat, shown.id, f"step:confirm:{about}"))

    @staticmethod
    def _open_item(message: Message) -> dict[str, str] | None:
        return message.button("item.button.open") or message.button("item.button.first")

    async def read_back(self, team: Team, code: str, *, right: bool = True) -> str:
        """Read back the oldest open relay of a patient to a team; gives the pop-up."""
        who, chat, relay = self.who(team), self.chat(team), self.relay(team, code)
        about = f"{code}:{relay.key}"
        await self.tap(who, chat, ANY, f"relay:receive:{about}")
        given = next(each for each in relay.choices if (each == relay.answer) is right)
        return self.popup(await self.tap(who, chat, ANY, f"relay:answer:{about}:{given}"))

    def relay(self, team: Team, code: str) -> Relay:
        """The oldest open relay of a patient to a team."""
        offered = self.record(code).open_relays()
        return next(relay for relay in offered if relay.to_team == team)

    # Toxicity

    async def ras(self, team: Team, code: str) -> str:
        """Nothing to report for this patient in the open round; gives the pop-up."""
        [line] = self.record(code).unanswered()
        data = f"check:ras:{code}:{line.key}"
        return self.popup(await self.tap(self.who(team), self.chat(team), ANY, data))

    def asked(self, code: str) -> Team:
        """Which team the checks of a patient are put to now."""
        return check.asked_team(self.record(code))

    async def alert(self, team: Team, code: str, sign: str = "src") -> int:
        """Report a sign in two taps; gives the number of the alert."""
        who, chat = self.who(team), self.chat(team)
        await self.say(who, f"/toxicite {code}", chat)
        await self.press(who, f"alert.button.sign_{sign}", chat)
        return max(int(alert.key) for alert in self.alerts(code))

    async def take(self, team: Team) -> str:
        """*Je prends en charge* in the team's group; gives the pop-up."""
        return await self.press(self.who(team), "alert.button.take", self.chat(team))

    def alerts(self, code: str) -> list[Alert]:
        return list(self.record(code).alerts.values())

    # What is left at the end

    def faults(self) -> list[str]:
        """What nobody should find: updates that raised, lost letters, a broken chain."""

        def found(unit: Unit) -> list[str]:
            raised = select(inbox.c.update_id, inbox.c.error).where(inbox.c.failed)
            lost = select(outbox.c.dedupe_key, outbox.c.error).where(outbox.c.state == "failed")
            return [
                *(f"update {n}: {error}" for n, error in unit.connection.execute(raised)),
                *(f"letter {key}: {error}" for key, error in unit.connection.execute(lost)),
            ]

        broken = self.broken_event()
        chain = [] if broken is None else [f"event {broken} breaks the chain"]
        every = [*self.unexplained(), *chain, *self.ask(found)]
        return [fault for fault in every if not fault.startswith(self.excused)]


def all_done(record: Record, slugs: tuple[str, ...]) -> None:
    """Close these steps in time, by nobody; the others wait for their next hour."""
    for step in record.plan():
        if step.key in slugs:
            step.state, step.done_at, step.next_at = StepState.DONE.value, step.due_at, None
            step.values = dict(VALUES.get(step.key, {}))
        elif step.state == StepState.PLANNED:
            schedule.plan_next(record, step)
    check.adjust_watch(record)
    schedule.refresh(record)
