"""The composition root: builds everything once; tests call it with fakes."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot import migrations, pathways
from bot.clock import (
    Clock,
    FollowedClock,
    pause,
    steady_clock,
    system_clock,
)
from bot.domain.calendar import Calendar
from bot.domain.network import Network
from bot.domain.roles import Team
from bot.heartbeat import beat
from bot.lead import lead
from bot.logs import Outage
from bot.relais import Relais
from bot.scheduler import Scheduler
from bot.settings import Settings
from bot.store import Database
from bot.store.proofs import usual_file
from bot.store.unit import Words
from bot.texts import CATALOGUE, Texts
from bot.throttle import LIMITS_NONE, LIMITS_TELEGRAM, Throttle
from bot.transport import AiohttpRequest, TelegramTransport, Unreadable

logger = logging.getLogger(__name__)

RETRY = timedelta(seconds=2)
PATIENCE = timedelta(seconds=5)
"""How long what is on its way may take to arrive when the bot is asked to stop."""
ODD = (Unreadable, TypeError, ValueError, AttributeError, KeyError)
"""What a page of somebody on the way, or half an answer, raises: none of Telegram's."""
WRONG_TOKEN = "TELEGRAM_TOKEN is wrong: Telegram does not know it; ask @BotFather for it again."
ANOTHER_BOT = "Another bot runs on the database file of DATABASE_URL: stop it first."
TWO_NAMES = "The database file of DATABASE_URL has a second name (a hard link): remove that one."
OLDER = (
    "The database is empty or older than the one last seen here: python -m bot restore FILE brings"
    " a backup back, python -m bot run --new takes this one as it is."
)
WRONG_KEY = (
    "AUDIT_KEY is not the one that sealed the events of this database:"
    " give the key that the bot was first started with."
)


class StartError(Exception):
    """The bot cannot start; one sentence says why and what to do."""


# Built from the settings


def load_network(settings: Settings) -> Network:
    """Read the pathway and the products; a fault names the file and the line."""
    try:
        pathway = pathways.load(settings.pathway)
        products = pathways.load_products()
    except (ValueError, OSError) as error:
        raise StartError(f"PATHWAY is wrong: {error}") from None
    for centre, teams in settings.phones.items():
        if centre not in settings.centres or not set(teams) <= set(Team):
            raise StartError(f"PHONES is wrong: a centre or a team after {centre} is unknown.")
    setup = settings.setup_code
    return Network(
        centres=settings.centres,
        pathway=pathway,
        products=products,
        calendar=Calendar(settings.timezone, is_holiday),
        setup_code=setup.get_secret_value() if setup else "",
        phones=settings.phones,
    )


def is_holiday(on: date) -> bool:
    """French public holidays; the library is read when the first day is asked about."""
    import holidays

    return on in holidays.country_holidays("FR", years=on.year)


def load_texts(settings: Settings) -> Texts:
    try:
        return Texts(CATALOGUE, settings.timezone)
    except ValueError as error:
        raise StartError(f"The catalogue is wrong: {error}") from None


def open_database(settings: Settings, clock: Clock, words: Words, network: Network) -> Database:
    """The database; its schema is for the caller to check."""
    try:
        return Database(
            settings.database_url,
            clock=clock,
            words=words,
            network=network,
            audit_key=settings.audit_key.get_secret_value().encode(),
            proof_file=settings.proof_file or usual_file(settings.database_url),
        )
    except OSError as error:
        raise StartError(
            f"DATABASE_URL is wrong: its folder cannot be made ({type(error).__name__})."
        ) from None


def require_seen(database: Database) -> None:
    """Refuse to begin anew, or from an older copy, without being told to."""
    if database.seen.lost():
        raise StartError(OLDER)


def require_key(database: Database) -> None:
    """Refuse a key that is not the chain's: nothing that it sealed would ever verify."""
    with database.look() as unit:
        if not unit.events.sealed_here():
            raise StartError(WRONG_KEY)


def make_bot(settings: Settings) -> Bot:
    return Bot(
        token=settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=AiohttpRequest(),
        # A pool of its own: a long poll must not hold a connection that an alert waits for.
        get_updates_request=AiohttpRequest(connections=2),
    )


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop; raises StartError if it cannot start."""
    words = load_texts(settings)
    network = load_network(settings)
    clock = await _clock(settings)
    database = open_database(settings, clock, words, network)
    try:
        if database.place.shared():
            raise StartError(TWO_NAMES)
        if not database.place.lock():
            raise StartError(ANOTHER_BOT)
        require_seen(database)
        migrations.ensure(database.engine)
        require_key(database)
        await _serve(settings, database, words, clock)
    finally:
        database.close()


async def _clock(settings: Settings) -> Clock:
    if not settings.clock_url:
        return system_clock
    followed = FollowedClock(settings.clock_url)
    try:
        await followed.start()
    except OSError as error:
        raise StartError(
            f"CLOCK_URL is wrong: nobody answers there ({type(error).__name__})."
        ) from None
    return followed


async def _serve(settings: Settings, database: Database, words: Words, clock: Clock) -> None:
    bot = make_bot(settings)
    try:
        await _live(settings, database, words, clock, bot)
    finally:
        await bot.shutdown()


async def _live(
    settings: Settings, database: Database, words: Words, clock: Clock, bot: Bot
) -> None:
    # After a power cut the network may come back later than we do.
    await _patiently(bot.initialize)
    # Invitations are links to the bot's own name, which only Telegram knows.
    database.network = replace(database.network, bot_name=bot.username)
    limits = LIMITS_TELEGRAM if settings.flood_limits == "telegram" else LIMITS_NONE
    relais = Relais(
        database=database,
        bot=bot,
        transport=TelegramTransport(bot),
        words=words,
        wall=steady_clock(),
        bot_name=bot.username,
        polls=not settings.webhook_url,
        webhook_url=settings.webhook_url or "",
        webhook_secret=_webhook_secret(settings),
        throttle=Throttle(limits),
        poll_timeout=settings.poll_timeout,
        poll_interval=settings.poll_interval,
        training=bool(settings.clock_url),
        doorman=True,
        budgets=limits is not None,
    )
    stop = _stop_signal()
    duties = await _duties(settings, relais, bot, clock)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each) for each in duties]
        logger.info("running as @%s", bot.username)
        await stop.wait()
        for task in running:
            task.cancel()
    # After the tasks: what lands now is settled here, or would be sent twice.
    await relais.close(PATIENCE)


async def _duties(settings: Settings, relais: Relais, bot: Bot, clock: Clock) -> list[Any]:
    """What every process does: serve the web, and wait for its turn to lead."""
    web = _web_server(settings, relais, settings.http_port) if settings.http_port else None
    # While a webhook is set, Telegram refuses to be polled (409).
    await _patiently(relais.hook.set if relais.hook else bot.delete_webhook)
    # Nothing above may raise once one of these has begun to be.
    rules = partial(_ruling_duties, settings, relais, clock)
    duties: list[Any] = [
        lead(relais.database.leader, relais.prepare, rules, relais.watch_database)
    ]
    if web is not None:
        duties.append(web.run())
    return duties


def _ruling_duties(settings: Settings, relais: Relais, clock: Clock) -> list[Any]:
    """What one process does, as long as it leads: ring, send, poll, give the sign of life."""
    duties: list[Any] = [Scheduler(relais.ring).run(), relais.sender.run()]
    if isinstance(clock, FollowedClock):
        duties.append(clock.follow(relais.settle))
    if settings.heartbeat_url:
        duties.append(beat(settings.heartbeat_url, relais.explained, relais.pulse))
    # A webhook calls by itself, but nobody calls for what a poller set aside before it.
    if relais.hook:
        duties += [relais.intake.drain(), relais.hook.watch()]
    else:
        duties.append(relais.intake.run())
    return duties


def _webhook_secret(settings: Settings) -> str:
    secret = settings.webhook_secret
    return secret.get_secret_value() if secret else ""


def _web_server(settings: Settings, relais: Relais, port: int) -> Any:
    # Only here: whoever serves no page does not pay for the library.
    from bot.web import Metrics, WebServer, web_app

    metrics = Metrics()
    relais.alert_took.append(metrics.alert_sent)
    app = web_app(
        health=relais.health,
        take=relais.intake.called if settings.webhook_url else None,
        secret=_webhook_secret(settings),
        metrics=metrics,
    )
    try:
        return WebServer(app, port, settings.http_host)
    except OSError as error:
        raise StartError(
            f"HTTP_PORT {port} cannot be served ({error.strerror}): choose another one."
        ) from None


async def ask_telegram(settings: Settings) -> str:
    """The bot's name, asked once; raises StartError if Telegram does not give it."""
    try:
        async with make_bot(settings) as bot:
            hook = await bot.get_webhook_info()
            if settings.webhook_url and hook.last_error_message and hook.pending_update_count:
                raise StartError(f"WEBHOOK_URL is not answered: {hook.pending_update_count} wait.")
            return f"@{bot.username}"
    except InvalidToken:
        raise StartError(WRONG_TOKEN) from None
    except TelegramError as error:
        raise StartError(f"Telegram does not answer ({type(error).__name__}).") from None


async def _patiently(
    ask: Callable[[], Any], rest: Callable[[timedelta], Awaitable[None]] = pause
) -> None:
    """Ask Telegram until it answers; a token that it does not know ends the start."""
    outage = Outage(logger, "Telegram does not answer yet")
    while True:
        try:
            await ask()
        except InvalidToken:
            raise StartError(WRONG_TOKEN) from None
        except BadRequest as error:
            # For PTB this is trouble of the network too, but asking again will not help.
            raise StartError(f"Telegram refuses the start: {error.message}.") from None
        except (NetworkError, RetryAfter, *ODD) as error:
            outage.failed(type(error).__name__)
            await rest(RETRY)
        except TelegramError as error:
            raise StartError(f"Telegram refuses the start: {type(error).__name__}.") from None
        else:
            outage.over()
            return


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    return stop
