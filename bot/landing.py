"""What became of an attempt to deliver a letter, and what follows from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.message import Kind, Priority
from bot.models import LetterState
from bot.queue import UNLIMITED
from bot.store.letters import MAY_HAVE_LEFT, Head, Letter, Outcome
from bot.store.outbox import ASKED_IN

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(seconds=60)
LONGEST_ALERT_RETRY = timedelta(seconds=5)

REPEATABLE = frozenset({Kind.EDIT, Kind.DELETE, Kind.POPUP, Kind.MENU, Kind.LOOK})
"""Done twice, they have done the same as once."""


class SendError(Exception):
    """The messenger did not take a letter; the fields say what to do about it."""

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        everyone: bool = False,
        unknown: bool = False,
        answered: bool = False,
        moved_to: int | None = None,
        gone: bool = False,
        refused: bool = False,
        ours: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        """Nothing reaches this chat any more."""
        self.retry_after = retry_after
        self.everyone = everyone
        """`retry_after` holds for all chats."""
        self.unknown = unknown
        """The request left; whether it had its effect, nobody knows."""
        self.hung = unknown and not answered
        """… for no answer came."""
        self.moved_to = moved_to
        self.gone = gone
        """What it was about is no longer there; nobody misses it."""
        self.refused = refused
        """This letter is malformed; its chat is fine."""
        self.ours = ours
        """A bug of ours: those behind it in its chat need not wait for it."""


@dataclass(frozen=True, slots=True)
class Landing:
    """A letter with the id of its message, or with why there is none."""

    head: Head
    letter: Letter
    result: int | SendError | None
    retry_at: datetime | None = None
    """None: not to be tried again."""


def outcome_of(landing: Landing) -> Outcome:
    letter, result = landing.letter, landing.result
    if not isinstance(result, SendError):
        return Outcome(letter, LetterState.SENT, message_id=result)
    if landing.retry_at is None:
        # What was for a team is said to others of it, a private answer's loss where it was asked
        # for; with nobody left, it is settled as failed.
        rerouted = is_lost(letter, result) and (letter.team or ASKED_IN in letter.payload)
        state = LetterState.REROUTED if rerouted else LetterState.FAILED
        return Outcome(letter, state, error=result.reason)
    # Once it may have arrived, each later attempt may be a repetition.
    repeated = letter.repeated or result.unknown
    reason = (MAY_HAVE_LEFT if repeated else "") + result.reason
    return Outcome(letter, LetterState.PENDING, retry_at=landing.retry_at, error=reason)


def is_lost(letter: Letter, error: SendError) -> bool:
    return error.permanent and letter.kind not in UNLIMITED


def retry_delay(letter: Letter) -> timedelta:
    """1 s, 2, 4 … with a cap; nobody gives up."""
    doublings = min(max(letter.attempts - 1, 0), 10)
    return min(FIRST_RETRY * (1 << doublings), longest_retry(letter.priority))


def longest_retry(priority: Priority) -> timedelta:
    # A minute is long for an alert, whose next rung may come after five.
    return LONGEST_ALERT_RETRY if priority is Priority.ALERT else LONGEST_RETRY
