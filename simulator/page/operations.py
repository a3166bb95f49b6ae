"""What the control API can do: act as the people, move the clock, order faults, play stories."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from simulator.errors import Misuse
from simulator.ground import Ground
from simulator.page import views
from simulator.world import actions, media
from simulator.world.clock import instant
from simulator.world.forward import Forward
from simulator.world.people import Chat, Person

Body = dict[str, Any]
Operation = Callable[[Ground, Body], Awaitable[object]]


def person_of(ground: Ground, body: Body) -> Person:
    """The person that a request names, by id or slug."""
    wanted = body.get("person")
    for person in ground.world.people.values():
        if wanted in (person.id, person.slug) and wanted != "":
            return person
    raise Misuse(f"Personne ne s’appelle « {wanted} ».")


def chat_of(ground: Ground, body: Body) -> Chat:
    """The chat that a request names: by id, a group's slug, or a person's for their own."""
    wanted = body.get("chat")
    if wanted is None or wanted == "":
        return ground.world.chat(person_of(ground, body).id)
    for chat in ground.world.chats.values():
        if chat.id == wanted:
            return chat
        if wanted == (chat.person.slug if chat.person else chat.slug):
            return _current(ground, chat)
    raise Misuse(f"Aucune discussion « {wanted} ».")


def _current(ground: Ground, chat: Chat) -> Chat:
    return ground.world.chat(chat.migrated_to) if chat.migrated_to else chat


def member_of(ground: Ground, body: Body) -> Person:
    return ground.world.bot if body.get("bot") else person_of(ground, body)


async def add_person(ground: Ground, body: Body) -> object:
    person = ground.world.add_person(
        body["first_name"], body.get("last_name", ""), body.get("username", "")
    )
    return views.person(person)


async def add_group(ground: Ground, body: Body) -> object:
    world = ground.world
    people = [person_of(ground, {"person": one}) for one in body.get("members", [])]
    group = world.add_group(body["title"])
    actions.gather(world, group, people)
    if body.get("bot"):
        actions.join(world, group, world.bot)
    return views.chat(world, group)


async def add_member(ground: Ground, body: Body) -> object:
    actions.join(ground.world, chat_of(ground, body), member_of(ground, body))
    return views.chat(ground.world, chat_of(ground, body))


async def remove_member(ground: Ground, body: Body) -> object:
    actions.leave(ground.world, chat_of(ground, body), member_of(ground, body))
    return views.chat(ground.world, chat_of(ground, body))


async def promote(ground: Ground, body: Body) -> object:
    group = chat_of(ground, body)
    actions.promote(ground.world, group, member_of(ground, body), admin=body.get("admin", True))
    return views.chat(ground.world, group)


async def migrate(ground: Ground, body: Body) -> object:
    told = str(body.get("told", actions.MESSAGE))
    return views.chat(ground.world, actions.migrate(ground.world, chat_of(ground, body), told))


async def topic(ground: Ground, body: Body) -> object:
    """Close the topic of a supergroup; `closed` false opens it again."""
    group = chat_of(ground, body)
    actions.close_topic(ground.world, group, closed=bool(body.get("closed", True)))
    return views.chat(ground.world, group)


async def say(ground: Ground, body: Body) -> object:
    message = actions.say(
        ground.world,
        person_of(ground, body),
        chat_of(ground, body),
        body["text"],
        body.get("reply_to"),
    )
    return views.message(message)


async def edit(ground: Ground, body: Body) -> object:
    who, where = person_of(ground, body), chat_of(ground, body)
    return views.message(actions.edit(ground.world, who, where, body["message"], body["text"]))


async def send(ground: Ground, body: Body) -> object:
    world, chat = ground.world, chat_of(ground, body)
    if body.get("kind") == "forward":
        source = world.chat(body["from_chat"]).messages[body["message"]]
        content = media.forwarded(source)
    else:
        content = media.content(world, body.get("kind", ""), body)
    who = person_of(ground, body)
    return views.message(actions.send(world, who, chat, content, body.get("reply_to")))


async def press(ground: Ground, body: Body) -> object:
    """Press; with `wait` (seconds) also wait for the pop-up."""
    world, who, chat = ground.world, person_of(ground, body), chat_of(ground, body)
    label = body.get("label")
    if "message" in body:
        message = chat.messages[body["message"]]
    else:
        message = actions.newest_with(world, who, chat, str(label))
    tap = actions.press(
        world, who, message, data=body.get("data"), label=label, stale=body.get("stale", False)
    )
    await ground.changes.until(lambda: tap.answer is not None, float(body.get("wait", 0)))
    return views.tap(tap)


async def start(ground: Ground, body: Body) -> object:
    """Open the bot: `payload`, or the whole `link`."""
    payload = body.get("payload") or str(body.get("link", "")).partition("start=")[2]
    return views.message(actions.start(ground.world, person_of(ground, body), payload))


async def block(ground: Ground, body: Body) -> object:
    actions.block(ground.world, person_of(ground, body))
    return True


async def unblock(ground: Ground, body: Body) -> object:
    actions.unblock(ground.world, person_of(ground, body))
    return True


async def fault(ground: Ground, body: Body) -> object:
    return ground.order_fault(body).drawn()


async def clear_faults(ground: Ground, body: Body) -> object:
    """Withdraw the fault of that id, or all."""
    ground.clear_faults(body.get("id"))
    return True


async def floods(ground: Ground, body: Body) -> object:
    ground.floods.on = bool(body.get("on", True))
    ground.world.tell("faults")
    return ground.floods.on


async def privacy(ground: Ground, body: Body) -> object:
    ground.world.privacy = bool(body.get("on", True))
    return ground.world.privacy


async def reset(ground: Ground, _: Body) -> object:
    ground.reset()
    return True


async def clock(ground: Ground, body: Body) -> object:
    """Play, push or stop the clock; in the `background` the answer does not wait for the end."""
    lockstep = ground.lockstep
    if "speed" in body or "rate" in body or body.get("stop"):
        ground.forward.stop()
    if body.get("background"):
        _in_background(ground.forward, body, ground.clock.now())
        return lockstep.state()
    if "speed" in body or "rate" in body:
        lockstep.play(int(body["speed"] if "speed" in body else body["rate"]))
    if "advance_s" in body:
        await lockstep.advance(ground.clock.now() + timedelta(seconds=float(body["advance_s"])))
    elif "to" in body:
        await lockstep.advance(instant(body["to"]))
    elif body.get("next"):
        await lockstep.next()
    return lockstep.state()


def _in_background(forward: Forward, body: Body, now: datetime) -> None:
    if "advance_s" in body:
        forward.by(timedelta(seconds=float(body["advance_s"])))
    elif "to" in body:
        forward.to(max(instant(body["to"]), now))
    elif body.get("next"):
        forward.next()


async def bot(ground: Ground, body: Body) -> object:
    """Kill, stop or start the bot."""
    await ground.bot_process.do(str(body.get("do")))
    return ground.bot_process.state()


async def story(ground: Ground, body: Body) -> object:
    """Play a storyboard, help with the present task, skip it, or stop."""
    runner = ground.runner
    if "play" in body:
        await runner.play(str(body["play"]))
    elif body.get("help"):
        runner.current().help()
    elif body.get("skip"):
        runner.current().skip()
    elif body.get("stop"):
        await runner.stop()
    else:
        raise Misuse(
            "Un scénario se joue, se montre, se passe ou se quitte : play, help, skip, stop."
        )
    return runner.state()


OPERATIONS: dict[str, Operation] = {
    "people": add_person,
    "groups": add_group,
    "groups/add": add_member,
    "groups/remove": remove_member,
    "groups/promote": promote,
    "groups/migrate": migrate,
    "groups/topic": topic,
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
