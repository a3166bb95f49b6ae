"""What the control API can do: act as the people, move the clock, order faults, play stories."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from simulator import living, media, views
from simulator.errors import Misuse
from simulator.house import House
from simulator.people import Chat, Person

Body = dict[str, Any]
Act = Callable[[House, Body], Awaitable[object]]


def person_of(house: House, body: Body) -> Person:
    """The person that a request names, by id or slug."""
    wanted = body.get("person")
    for person in house.world.people.values():
        if wanted in (person.id, person.slug) and wanted != "":
            return person
    raise Misuse(f"no person {wanted!r}")


def chat_of(house: House, body: Body) -> Chat:
    """The chat that a request names: by id, a group's slug, or a person's for their own."""
    wanted = body.get("chat")
    if wanted is None or wanted == "":
        return house.world.chat(person_of(house, body).id)
    for chat in house.world.chats.values():
        if chat.id == wanted:
            return chat
        if wanted == (chat.person.slug if chat.person else chat.slug):
            return _current(house, chat)
    raise Misuse(f"no chat {wanted!r}")


def _current(house: House, chat: Chat) -> Chat:
    return house.world.chat(chat.migrated_to) if chat.migrated_to else chat


def member_of(house: House, body: Body) -> Person:
    return house.world.bot if body.get("bot") else person_of(house, body)


async def add_person(house: House, body: Body) -> object:
    person = house.world.add_person(
        body["first_name"], body.get("last_name", ""), body.get("username", "")
    )
    return views.person(person)


async def add_group(house: House, body: Body) -> object:
    world = house.world
    people = [person_of(house, {"person": one}) for one in body.get("members", [])]
    group = world.add_group(body["title"])
    living.gather(world, group, people)
    if body.get("bot"):
        living.join(world, group, world.bot)
    return views.chat(world, group)


async def add_member(house: House, body: Body) -> object:
    living.join(house.world, chat_of(house, body), member_of(house, body))
    return views.chat(house.world, chat_of(house, body))


async def remove_member(house: House, body: Body) -> object:
    living.leave(house.world, chat_of(house, body), member_of(house, body))
    return views.chat(house.world, chat_of(house, body))


async def promote(house: House, body: Body) -> object:
    group = chat_of(house, body)
    living.promote(house.world, group, member_of(house, body), admin=body.get("admin", True))
    return views.chat(house.world, group)


async def migrate(house: House, body: Body) -> object:
    return views.chat(house.world, living.migrate(house.world, chat_of(house, body)))


async def say(house: House, body: Body) -> object:
    message = living.say(
        house.world,
        person_of(house, body),
        chat_of(house, body),
        body["text"],
        body.get("reply_to"),
    )
    return views.message(message)


async def edit(house: House, body: Body) -> object:
    who, where = person_of(house, body), chat_of(house, body)
    return views.message(living.edit(house.world, who, where, body["message"], body["text"]))


async def send(house: House, body: Body) -> object:
    world, chat = house.world, chat_of(house, body)
    if body.get("kind") == "forward":
        source = world.chat(body["from_chat"]).messages[body["message"]]
        content = media.forwarded(source)
    else:
        content = media.content(world, body.get("kind", ""), body)
    who = person_of(house, body)
    return views.message(living.send(world, who, chat, content, body.get("reply_to")))


async def press(house: House, body: Body) -> object:
    """Press; with `wait` (seconds) also wait for the pop-up."""
    world, who, chat = house.world, person_of(house, body), chat_of(house, body)
    label = body.get("label")
    if "message" in body:
        message = chat.messages[body["message"]]
    else:
        message = living.newest_with(world, who, chat, str(label))
    tap = living.press(
        world, who, message, data=body.get("data"), label=label, stale=body.get("stale", False)
    )
    await house.bell.until(lambda: tap.answer is not None, float(body.get("wait", 0)))
    return views.tap(tap)


async def start(house: House, body: Body) -> object:
    """Open the bot: `payload`, or the whole `link`."""
    payload = body.get("payload") or str(body.get("link", "")).partition("start=")[2]
    return views.message(living.start(house.world, person_of(house, body), payload))


async def block(house: House, body: Body) -> object:
    living.block(house.world, person_of(house, body))
    return True


async def unblock(house: House, body: Body) -> object:
    living.unblock(house.world, person_of(house, body))
    return True


async def fault(house: House, body: Body) -> object:
    return house.order_fault(body).drawn()


async def clear_faults(house: House, body: Body) -> object:
    """Withdraw the fault of that id, or all."""
    house.clear_faults(body.get("id"))
    return True


async def floods(house: House, body: Body) -> object:
    house.floods.on = bool(body.get("on", True))
    house.world.tell("faults")
    return house.floods.on


async def privacy(house: House, body: Body) -> object:
    house.world.privacy = bool(body.get("on", True))
    return house.world.privacy


async def reset(house: House, _: Body) -> object:
    house.reset()
    return True


async def clock(house: House, body: Body) -> object:
    driver = house.driver
    if "speed" in body or "rate" in body:
        driver.play(int(body["speed"] if "speed" in body else body["rate"]))
    if "advance_s" in body:
        await driver.advance(house.clock.now() + timedelta(seconds=float(body["advance_s"])))
    elif "to" in body:
        await driver.advance(instant(body["to"]))
    elif body.get("next"):
        await driver.next()
    return driver.state()


async def bot(house: House, body: Body) -> object:
    """Kill, stop or start the supervised bot."""
    acts = {
        "kill": house.supervisor.kill,
        "stop": house.supervisor.stop,
        "start": house.supervisor.start,
    }
    if body.get("do") not in acts:
        raise Misuse(f"the bot can be killed, stopped or started, not {body.get('do')!r}")
    await acts[body["do"]]()
    return house.supervisor.state()


async def story(house: House, body: Body) -> object:
    """Play a storyboard, help with the present task, skip it, or stop."""
    theatre = house.theatre
    if "play" in body:
        await theatre.play(str(body["play"]))
    elif body.get("help"):
        theatre.current().help()
    elif body.get("skip"):
        theatre.current().skip()
    elif body.get("stop"):
        await theatre.stop()
    else:
        raise Misuse("a story can be played, helped, skipped or stopped")
    return theatre.state()


def instant(text: str) -> datetime:
    """An instant with its zone."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise Misuse(f"not an instant: {text!r}") from error
    if moment.tzinfo is None:
        raise Misuse(f"an instant needs its zone: {text!r}")
    return moment


ACTS: dict[str, Act] = {
    "people": add_person,
    "groups": add_group,
    "groups/add": add_member,
    "groups/remove": remove_member,
    "groups/promote": promote,
    "groups/migrate": migrate,
    "say": say,
    "edit": edit,
    "send": send,
    "press": press,
    "start": start,
    "block": block,
    "unblock": unblock,
    "faults": fault,
    "faults/clear": clear_faults,
    "floods": floods,
    "privacy": privacy,
    "reset": reset,
    "clock": clock,
    "bot": bot,
    "story": story,
}
