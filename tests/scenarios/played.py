"""What scenarios of steps, relays and moves have in common."""

import json

from sqlalchemy import select
from sqlmodel import col

from bot.care.planning import announce_ready
from bot.domain.roles import Team
from bot.models import Event, StepState
from bot.store import Unit
from tests.hospital import VALUES, Hospital
from tests.ward import PARIS, Message, Person


def written_down(ward: Hospital, code: str, *slugs: str) -> None:
    """Close these steps in time and by nobody: how they are closed is another scenario's."""
    with ward.database.unit() as unit:
        patient = unit.patient_by_code(code)
        assert patient is not None
        for step in unit.steps_of(patient.id):
            if step.slug in slugs:
                step.state, step.done_at, step.next_at = StepState.DONE.value, step.due_at, None
                step.data = json.dumps(VALUES.get(step.slug, {}))
                unit.add(step)
        announce_ready(unit, patient)


async def card(ward: Hospital, team: Team, code: str, slug: str) -> Message:
    """The step's own message in its team's group, freshly asked for."""
    who, chat, step = ward.who(team), ward.chat(team), ward.step(code, slug)
    await ward.say(who, "/afaire", chat)
    shown = ward.screen(chat)[-1]
    await ward.tap(who, chat, shown.id, f"step:show:{step.id}")
    return ward.message_at(chat, shown.id)


async def press(
    ward: Hospital, who: Person, code: str, slug: str, verb: str, rest: str = ""
) -> str:
    """Press a button of a step in the group of who presses; gives the pop-up."""
    step, chat = ward.step(code, slug), ward.groups[who.team, who.centre]
    return ward.popup(await ward.tap(who, chat, 0, f"step:{verb}:{step.id}{rest}"))


def events(ward: Hospital, code: str, kind: str) -> list[Event]:
    """What the chain says of one kind about a patient, oldest first."""
    patient = ward.patient(code)

    def of_kind(unit: Unit) -> list[Event]:
        about = select(Event).where(col(Event.patient_id) == patient.id, col(Event.kind) == kind)
        return list(unit.session.scalars(about.order_by(col(Event.id))))

    found: list[Event] = ward.ask(of_kind)
    return found


def sent_at(ward: Hospital, chat: int, about: str, key: str = "step.card") -> list[str]:
    """The local minutes at which messages of this kind reached a chat."""
    return [
        f"{at.astimezone(PARIS):%m-%d %H:%M}"
        for at, letter in ward.transport.sent
        if letter.chat_id == chat
        and letter.kind == "send"
        and letter.body.startswith(key)
        and about in letter.body
    ]
