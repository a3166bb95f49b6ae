"""The one that leads does what only one may do; the others wait for their turn."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import pause
from bot.store.leader import Leader

logger = logging.getLogger(__name__)

LOOK = timedelta(seconds=1)
"""Between two looks at who leads; one that died is replaced within two of them."""

Duties = Callable[[], Sequence[Coroutine[Any, Any, object]]]


async def lead(
    leader: Leader,
    begin: Callable[[], object],
    duties: Duties,
    look: Callable[[], object],
    *,
    rest: Callable[[timedelta], Awaitable[None]] = pause,
) -> None:
    """Do the duties for as long as this process leads, for ever; `look` at each sign of life."""
    told = ""
    while True:
        said = _taken(leader, begin)
        if said:
            # Once, however long it lasts.
            if said != told:
                logger.info("this process does not lead: %s", said)
            told = said
            # Who waits must know too what there was, or would take over an older database.
            look()
            await rest(LOOK)
            continue
        told = ""
        logger.info("this process leads")
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(each) for each in duties()]
            while leader.holds():
                look()
                await rest(LOOK)
            for task in running:
                task.cancel()
        logger.error("this process leads no more")


def _taken(leader: Leader, begin: Callable[[], object]) -> str:
    """Lead; nothing, or why not."""
    try:
        if not leader.take():
            leader.trouble = ""
            return "another one does"
        begin()
    except SQLAlchemyError as error:
        leader.close()
        leader.trouble = type(error).__name__
        return leader.trouble
    leader.trouble = ""
    return ""
