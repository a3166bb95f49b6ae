"""Reads a cast file: the people and groups that exist at the start."""

from pathlib import Path
from typing import Any

from simulator.errors import Misuse
from simulator.world import actions, toml
from simulator.world.people import Chat, Person
from simulator.world.state import World


def read(path: Path) -> dict[str, Any]:
    """The file's tables."""
    return toml.read(path)


def enter(world: World, cast: dict[str, Any]) -> None:
    """Create everyone; slugs already present are left as they are."""
    bot = cast.get("bot", {})
    world.bot.username = bot.get("username", world.bot.username)
    world.bot.first_name = bot.get("name", world.bot.first_name)
    slugs = {person.slug: person for person in world.people.values() if person.slug}
    for entry in cast.get("people", []):
        if entry["slug"] not in slugs:
            slugs[entry["slug"]] = _person(world, entry)
    known = {chat.slug for chat in world.chats.values() if chat.slug}
    for entry in cast.get("groups", []):
        if entry["slug"] not in known:
            _group(world, entry, slugs)


def _person(world: World, entry: dict[str, Any]) -> Person:
    return world.add_person(
        entry["first_name"],
        entry.get("last_name", ""),
        entry.get("username", ""),
        slug=entry["slug"],
        role=entry.get("role", ""),
    )


def _group(world: World, entry: dict[str, Any], slugs: dict[str, Person]) -> Chat:
    unknown = [slug for slug in entry["members"] if slug not in slugs]
    if unknown:
        raise Misuse(f"Groupe « {entry['title']} » : personne ne s’appelle « {unknown[0]} ».")
    group = world.add_group(entry["title"], slug=entry["slug"])
    actions.gather(world, group, [slugs[slug] for slug in entry["members"]])
    if entry.get("bot", False):
        actions.join(world, group, world.bot)
    if entry.get("admin", False):
        actions.promote(world, group, world.bot)
    return group
