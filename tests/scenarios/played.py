"""What scenarios of steps, relays and moves have in common."""

from bot.domain.roles import Team
from bot.store.events import Event
from tests.hospital import Hospital, all_done
from tests.ward import PARIS, Message, Person


def written_down(ward: Hospital, code: str, *slugs: str) -> None:
    """Close these steps in time and by nobody: how they are closed is another scenario's."""
    with ward.change(code) as record:
        all_done(record, slugs)


async def card(ward: Hospital, team: Team, code: str, slug: str) -> Message:
    """The step's own message in its team's group, freshly asked for."""
    who, chat = ward.who(team), ward.chat(team)
    await ward.say(who, "/afaire", chat)
    shown = ward.screen(chat)[-1]
    await ward.tap(who, chat, shown.id, f"step:show:{code}:{slug}")
    return ward.message_at(chat, shown.id)


async def press(
    ward: Hospital, who: Person, code: str, slug: str, verb: str, rest: str = ""
) -> str:
    """Press a button of a step in the group of who presses; gives the pop-up."""
    chat = ward.groups[who.team, who.centre]
    return ward.popup(await ward.tap(who, chat, 0, f"step:{verb}:{code}:{slug}{rest}"))


def events(ward: Hospital, code: str, kind: str) -> list[Event]:
    """What the chain says of one kind about a patient, oldest first."""
    found = ward.ask(lambda unit: unit.events.of(code, limit=1000))
    return [event for event in found if event.kind == kind]


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
