"""What people do with their phones: write, press, start the bot, block it, gather in groups."""

from datetime import timedelta
from itertools import count
from typing import Any

from simulator.errors import Misuse
from simulator.world import entities, objects
from simulator.world.people import Chat, Message, Person, Tap
from simulator.world.state import PRESENT, RULING, World

Content = dict[str, Any]

# Not documented; bots see it after about a minute without an answer.
TAP_LIFE = timedelta(seconds=60)
# How the bot is told that a group became a supergroup.
MESSAGE, JOIN_FIRST, JOIN_ONLY = TOLD = ("message", "join_first", "join_only")
_TAP_IDS = count(480_000_000_000_000_001)


def text_content(text: str) -> Content:
    """The content of a plain text as a phone sends it."""
    text = text.strip()
    if not text:
        raise Misuse("Un message vide ne s’envoie pas.")
    found = entities.found(text)
    return {"text": text} | ({"entities": found} if found else {})


def parts(text: str) -> list[str]:
    """A phone sends a long text as several messages of 4,096 characters."""
    return [text[start : start + 4096] for start in range(0, len(text), 4096)] or [text]


def say(
    world: World, person: Person, chat: Chat, text: str, reply_to: int | None = None
) -> Message:
    """Write a text; the last message is given back when it took several."""
    messages = [send(world, person, chat, text_content(part), reply_to) for part in parts(text)]
    return messages[-1]


def send(
    world: World, person: Person, chat: Chat, content: Content, reply_to: int | None = None
) -> Message:
    """Send any content as a person."""
    _may_write(world, person, chat)
    if chat.private and chat.bot_status == "left":
        chat.bot_status = "member"
        world.tell("chat", chat=chat.id)
    answered = _answered(world, chat, reply_to)
    message = world.post(chat, person, content, reply_to=answered)
    message.seen_by_bot = sees(world, message)
    world.deliver_message(message)
    return message


def edit(world: World, person: Person, chat: Chat, message_id: int, text: str) -> Message:
    """Change one's own text."""
    message = world.message(chat, message_id)
    if message is None or message.sender is not person or "text" not in message.content:
        raise Misuse(f"Ce message n’est pas de {person.name}, ou n’est plus là.")
    message.content = text_content(text)
    message.edited_at = world.now()
    world.tell("edited", chat=chat.id, message=message.id)
    world.deliver_message(message, "edited_message")
    return message


def start(world: World, person: Person, payload: str = "") -> Message:
    """Open the bot's link, or press Start; a blocked bot is unblocked first."""
    chat = world.chat(person.id)
    if chat.bot_status == "kicked":
        unblock(world, person)
    return say(world, person, chat, f"/start {payload}".strip())


def block(world: World, person: Person) -> None:
    """Stop the bot on one's phone."""
    _bot_moves(world, world.chat(person.id), person, "kicked")


def unblock(world: World, person: Person) -> None:
    """Let the bot write again."""
    _bot_moves(world, world.chat(person.id), person, "member")


def press(
    world: World,
    person: Person,
    message: Message,
    *,
    data: str | None = None,
    label: str | None = None,
    stale: bool = False,
) -> Tap:
    """Press an inline button, found by its data or by a part of its label."""
    _may_see(world, person, message.chat)
    data = data if stale and data is not None else _data(message, data, label)
    tap = Tap(str(next(_TAP_IDS)), person, message, data, world.now())
    world.taps[tap.id] = tap
    world.deliver("callback_query", objects.callback_query(tap))
    world.tell("tap", chat=message.chat.id, message=message.id, person=person.id, tap=tap.id)
    return tap


def newest_with(world: World, person: Person, chat: Chat, label: str) -> Message:
    """The newest message of a chat that has such a button."""
    _may_see(world, person, chat)
    for message in reversed(chat.messages.values()):
        labels = [button["text"] for button in message.buttons]
        if any(label in text for text in labels):
            return message
    raise Misuse(f"Aucun bouton « {label} » dans cette discussion.")


# Groups


def gather(world: World, group: Chat, people: list[Person]) -> None:
    """Fill a new group; its first member owns it."""
    for person in people:
        group.members[person.id] = "member" if group.members else "creator"
    if people:
        world.post(group, people[0], {"group_chat_created": True})
    world.tell("chat", chat=group.id)


def join(world: World, group: Chat, person: Person, by: Person | None = None) -> None:
    """Add a person, or the bot, to a group."""
    by = by or owner(world, group)
    if person.is_bot:
        _bot_moves(world, group, by, "member")
    else:
        _member_moves(world, group, by, person, "member")
    service = world.post(group, by, {"new_chat_members": [objects.user(person)]})
    if group.bot_status in PRESENT:
        world.deliver_message(service)


def leave(world: World, group: Chat, person: Person, by: Person | None = None) -> None:
    """Remove a person, or the bot, from a group; without `by` a person leaves."""
    if person.is_bot:
        by = by or owner(world, group)
        _bot_moves(world, group, by, "kicked")
    else:
        by = by or person
        _member_moves(world, group, by, person, "left" if by is person else "kicked")
    service = world.post(group, by, {"left_chat_member": objects.user(person)})
    if person.is_bot or group.bot_status in PRESENT:
        world.deliver_message(service)


def promote(world: World, group: Chat, person: Person, *, admin: bool = True) -> None:
    """Make someone, or the bot, an administrator, or take it back."""
    status = "administrator" if admin else "member"
    by = owner(world, group)
    if person.is_bot:
        _bot_moves(world, group, by, status)
    else:
        _member_moves(world, group, by, person, status)


def migrate(world: World, group: Chat, told: str = MESSAGE) -> Chat:
    """Turn a group into a supergroup: another chat, with another id.

    The bot may hear first that it is in there; and the message that says why may never come.
    """
    if told not in TOLD:
        raise Misuse(f"Le bot l’apprend de l’une de ces façons : {', '.join(TOLD)}.")
    if group.kind != "group" or group.migrated_to:
        raise Misuse("Seul un groupe peut devenir un supergroupe.")
    by = owner(world, group)
    new = world.add_supergroup(group)
    world.tell("chat", chat=new.id)
    ends = world.post(group, by, {"migrate_to_chat_id": new.id})
    starts = world.post(new, by, {"migrate_from_chat_id": group.id})
    if group.bot_status in PRESENT and told != MESSAGE:
        joined = _change(world, new, by, world.bot, "left", new.bot_status)
        world.deliver("my_chat_member", joined)
    if group.bot_status in PRESENT and told != JOIN_ONLY:
        world.deliver_message(ends)
        world.deliver_message(starts)
    world.tell("chat", chat=group.id)
    return new


def close_topic(world: World, group: Chat, *, closed: bool = True) -> None:
    """Close the one topic of a supergroup, or open it again."""
    if group.kind != "supergroup":
        raise Misuse("Seul un supergroupe a des sujets.")
    group.topic_closed = closed
    kind = "forum_topic_closed" if closed else "forum_topic_reopened"
    service = world.post(group, owner(world, group), {kind: {}})
    if group.bot_status in PRESENT:
        world.deliver_message(service)
    world.tell("chat", chat=group.id)


def owner(world: World, group: Chat) -> Person:
    """Who made the group."""
    for person_id, status in group.members.items():
        if status == "creator":
            return world.person(person_id)
    raise Misuse(f"Le groupe « {group.title} » n’a pas de membre.")


def sees(world: World, message: Message) -> bool:
    """Whether the bot receives a person's message: in groups, privacy mode decides."""
    chat = message.chat
    if chat.private:
        return chat.bot_status == "member"
    if chat.bot_status not in PRESENT:
        return False
    if not world.privacy or chat.bot_status == "administrator":
        return True
    if message.reply_to and message.reply_to.sender.is_bot:
        return True
    return any(_means_bot(world, message, entity) for entity in _entities(message))


def _entities(message: Message) -> list[entities.Entity]:
    kind = "entities" if "entities" in message.content else "caption_entities"
    return list(message.content.get(kind, ()))


def _means_bot(world: World, message: Message, entity: entities.Entity) -> bool:
    text = message.content.get("text") or message.content.get("caption", "")
    part = entities.cut(text, entity).lower()
    name = "@" + world.bot.username.lower()
    if entity["type"] == "bot_command":
        return "@" not in part or part.endswith(name)
    return entity["type"] == "mention" and part == name


def _data(message: Message, data: str | None, label: str | None) -> str:
    for button in message.buttons:
        by_data = data is not None and button.get("callback_data") == data
        by_label = label is not None and label in button["text"]
        if (by_data or by_label) and "callback_data" in button:
            return str(button["callback_data"])
    raise Misuse("Ce message n’a plus ce bouton.")


def _answered(world: World, chat: Chat, reply_to: int | None) -> Message | None:
    if reply_to is None:
        return None
    message = world.message(chat, reply_to)
    if message is None:
        raise Misuse("Le message auquel on répond n’est plus là.")
    return message


def _may_see(world: World, person: Person, chat: Chat) -> None:
    if world.status(chat, person) not in PRESENT:
        raise Misuse(f"{person.name} n’est pas dans cette discussion.")


def _may_write(world: World, person: Person, chat: Chat) -> None:
    _may_see(world, person, chat)
    if chat.migrated_to:
        raise Misuse("Ce groupe est devenu un supergroupe.")
    if chat.topic_closed and world.status(chat, person) not in RULING:
        raise Misuse("Ce sujet est fermé : seul un administrateur y écrit.")
    if chat.private and chat.bot_status == "kicked":
        raise Misuse(f"{person.name} a bloqué le bot.")


def _bot_moves(world: World, chat: Chat, by: Person, status: str) -> None:
    """Change the bot's status in a chat, and tell it so."""
    before, chat.bot_status = chat.bot_status, status
    if status in PRESENT and not chat.private:
        chat.met_bot = True
    world.tell("chat", chat=chat.id)
    change = _change(world, chat, by, world.bot, before, status)
    world.deliver("my_chat_member", change)


def _member_moves(world: World, group: Chat, by: Person, person: Person, status: str) -> None:
    before = world.status(group, person)
    group.members[person.id] = status
    world.tell("chat", chat=group.id)
    # Telegram tells bots of other members only when they are administrators.
    if group.bot_status == "administrator":
        world.deliver("chat_member", _change(world, group, by, person, before, status))


def _change(
    world: World, chat: Chat, by: Person, person: Person, before: str, after: str
) -> Content:
    return {
        "chat": objects.chat(chat),
        "from": objects.user(by),
        "date": int(world.now().timestamp()),
        "old_chat_member": objects.member(person, before),
        "new_chat_member": objects.member(person, after),
    }
