"""The command line: `python -m bot run`, `check`, `audit`, `backup`, `screen` …"""

import argparse
import asyncio
import gc
import json
import logging
import os
import re
import secrets
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError

from bot import app, migrations
from bot.app import StartError
from bot.care import evidence
from bot.clock import system_clock
from bot.domain import privacy
from bot.logs import set_up
from bot.migrations import SchemaError
from bot.settings import Settings, SettingsError, read_settings
from bot.store import Database, Unit
from bot.store import backup as backups
from bot.store.backup import BackupError, WrongFile

logger = logging.getLogger(__name__)

MOST_FAULTS = 1000
"""More of them are named by a second audit, once these are mended."""


def run(settings: Settings, _asked: Namespace) -> int:
    # What is imported stays: to look through it for garbage would hold the loop for 100 ms.
    gc.freeze()
    asyncio.run(app.run(settings))
    return 0


def migrate(settings: Settings, _asked: Namespace) -> int:
    """Bring the database up to date with the program."""
    database = _open(settings)
    app.require_seen(database)
    migrations.upgrade(database.engine)
    say("The database is up to date.")
    return 0


def audit(settings: Settings, asked: Namespace) -> int:
    """Verify the event chain, and what is known against it; a line for each fault."""
    database = _open(settings)
    migrations.require(database.engine)
    app.require_key(database)
    with database.look() as unit:
        found = list(islice(evidence.faults(unit, getattr(asked, "posted", None)), MOST_FAULTS))
        count = unit.events.count()
    if database.seen.cut_off():
        found.append("the newest events that were seen are in the chain no more")
    for fault in found:
        complain(f"{fault[:1].upper()}{fault[1:]}.")
    if found:
        return 1
    say(f"The event chain holds: {count} events.")
    return 0


def backup(settings: Settings, asked: Namespace) -> int:
    """Write the whole database to a file."""
    file = asked.file
    say(f"{backups.backup(_open(settings).engine, file)} rows in {file}.")
    return 0


def restore(settings: Settings, asked: Namespace) -> int:
    """Fill an empty database from a file, and verify the chain."""
    database = _open(settings)
    say(f"{backups.restore(database.engine, asked.file)} rows from {asked.file}.")
    # From here on this one is meant, whatever was here before.
    database.seen.accept()
    if database.seen.before():
        complain(f"What came after it is lost: event {database.seen.before()} was seen last.")
    # A backup proves itself: the chain holds only if each event came back as it was.
    return audit(settings, asked)


def _open(settings: Settings) -> Database:
    return app.open_database(
        settings, system_clock, app.load_texts(settings), app.load_network(settings)
    )


def check(settings: Settings, _asked: Namespace) -> int:
    """Settings, database, schema, catalogue, Telegram, groups: one line each."""
    faults = 0
    for name, look in CHECKS.items():
        try:
            found = look(settings)
        except (StartError, SchemaError, SQLAlchemyError, OSError) as error:
            faults += 1
            say(f"FAULT {name}: {one_line(error)}")
        else:
            say(f"ok    {name}: {found}")
    return 1 if faults else 0


def screen() -> int:
    """What the privacy filter would do with each line of JSON on stdin."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            id_, said = _asked(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            complain(f'Line {number} is not one JSON object with "id" and "text".')
            return 1
        found = privacy.screen(said)
        category = found.value if found else None
        say(json.dumps({"id": id_, "refused": found is not None, "category": category}))
    return 0


def _asked(line: bytes) -> tuple[object, str]:
    asked = json.loads(line)
    if not isinstance(asked["text"], str):
        raise TypeError("a text is needed")
    return asked["id"], asked["text"]


def _check_settings(settings: Settings) -> str:
    return f"{len(settings.centres)} centres, {settings.timezone.key}"


def _check_pathway(settings: Settings) -> str:
    pathway = app.load_network(settings).pathway
    return f"{pathway.id}, version {pathway.version}, {len(pathway.steps)} steps"


def _check_catalogue(settings: Settings) -> str:
    app.load_texts(settings)
    return "read"


def _check_database(settings: Settings) -> str:
    database = _open(settings)
    app.require_seen(database)
    found = migrations.state(database.engine)
    if found in migrations.REFUSALS:
        raise SchemaError(migrations.REFUSALS[found])
    return f"{database.engine.dialect.name}, schema {found}"


def _check_chain(settings: Settings) -> str:
    database = _open(settings)
    if migrations.state(database.engine) is migrations.State.EMPTY:
        return "none yet"
    app.require_key(database)
    with database.look() as unit:
        return f"{unit.events.count()} events, AUDIT_KEY is theirs"


def _check_way_in(settings: Settings) -> str:
    database = _open(settings)
    if migrations.state(database.engine) is not migrations.State.EMPTY:
        migrations.require(database.engine)
        with database.look() as unit:
            if unit.people.roster.members:
                return "somebody has joined"
    if settings.setup_code is not None:
        return "SETUP_CODE lets the first coordinator in"
    # Made here, or one of four figures would be found in minutes.
    raise StartError(f"nobody can join; put SETUP_CODE={secrets.token_urlsafe(18)} into .env.")


def _check_groups(settings: Settings) -> str:
    database = _open(settings)
    if migrations.state(database.engine) is migrations.State.EMPTY:
        return "none yet"
    with database.look() as unit:
        groups = [each for each in unit.people.roster.groups.values() if each.team]
        deaf = _unreachable_takers(unit)
    lost = [str(group.chat_id) for group in groups if not group.reachable]
    # A group that lost its bot is a team that hears nothing: it is a fault of the installation.
    if lost:
        raise StartError(f"cannot be reached: {', '.join(lost)}")
    if deaf:
        raise StartError(f"nobody who must take alerts can be reached: {', '.join(deaf)}")
    return f"{len(groups)} bound"


def _unreachable_takers(unit: Unit) -> list[str]:
    """Of the centres where somebody works: an alert there would reach nobody."""
    roster, takers = unit.people.roster, unit.network.pathway.alerts.takers
    at_work = {member.centre for member in roster.present if not member.coordinates}
    return [
        f"{team} {centre}"
        for centre in sorted(at_work)
        for team in takers
        if not roster.chats(team, centre)
    ]


def _check_telegram(settings: Settings) -> str:
    return asyncio.run(app.ask_telegram(settings))


CHECKS: dict[str, Callable[[Settings], str]] = {
    "settings": _check_settings,
    "pathway": _check_pathway,
    "catalogue": _check_catalogue,
    "database": _check_database,
    "events": _check_chain,
    "way in": _check_way_in,
    "groups": _check_groups,
    "Telegram": _check_telegram,
}
COMMANDS: dict[str, tuple[Callable[[Settings, Namespace], int], str]] = {
    "run": (run, "run the bot (the default)"),
    "check": (check, "check the settings, the database, Telegram and the groups"),
    "audit": (audit, "verify the chain of events, and what is known against it"),
    "backup": (backup, "write the whole database to a file"),
    "restore": (restore, "fill an empty database from a backup"),
    "migrate": (migrate, "bring the database up to date with the program"),
}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def one_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; how it is called stands in --help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.\n")


def parser() -> Parser:
    whole = Parser(prog="python -m bot", description="Relais CAR-T")
    commands = whole.add_subparsers(dest="command", metavar="command")
    for name, described in {
        **{name: described for name, (_, described) in COMMANDS.items()},
        "screen": "say which sentences the privacy filter refuses, from stdin to stdout",
    }.items():
        command = commands.add_parser(name, help=described, description=described)
        if name in ("backup", "restore"):
            command.add_argument("file", type=Path, metavar="FILE")
        if name in ("run", "migrate"):
            anew = "take the database as it is, though it be empty or older than the last one"
            command.add_argument("--new", action="store_true", help=anew)
        if name == "audit":
            command.add_argument(
                "--posted",
                type=_posted,
                metavar="COUNT:HASH",
                help="what a morning's digest says of the journal: it must be in the chain",
            )
    return whole


def _posted(said: str) -> tuple[int, str]:
    found = re.fullmatch(r"(\d{1,12}):([0-9a-f]{8,64})", said)
    if found is None:
        raise argparse.ArgumentTypeError("expected COUNT:HASH, such as 812:3f9c0a1b2c3d")
    return int(found[1]), found[2]


def main(argv: Sequence[str] | None = None) -> int:
    """Errors are one sentence on stderr and a non-zero exit, never a traceback."""
    try:
        code = _main(parser().parse_args(argv))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read has read enough; what is left must not be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _main(asked: Namespace) -> int:
    command = asked.command or "run"
    if command == "screen":  # needs no settings and no database
        return screen()
    try:
        settings = read_settings()
        set_up(settings.log_level)
        if getattr(asked, "new", False):
            _open(settings).seen.accept()
        return COMMANDS[command][0](settings, asked)
    except WrongFile as error:
        complain(str(error))
        return 2
    except (SettingsError, StartError, SchemaError, BackupError) as error:
        complain(str(error))
    except OSError as error:
        complain(f"{error.filename or 'A file'} cannot be written: {error.strerror}.")
    # Not its text, which may show the address of the database and who logs in.
    except SQLAlchemyError as error:
        complain(f"DATABASE_URL: the database cannot be used ({type(error).__name__}).")
    return 1


if __name__ == "__main__":
    sys.exit(main())
