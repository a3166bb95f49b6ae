"""The gate: who may do what, where, to whom. One table, one function, rights before state.

It is asked once, at the edge, before anything is said of what is: whoever may not act learns
nothing. What it is asked about is a `Subject`: whose patient, whose task; never how things stand.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from bot.domain.message import Text, text
from bot.domain.people import Member
from bot.domain.roles import Team


class Who(Enum):
    """Who may."""

    ANYBODY = "anybody, a stranger too"
    MEMBER = "whoever joined"
    COORDINATOR = "the coordination"
    NEAR = "whoever joined in the patient's centre, or the coordination"
    OWNER = "the team whose task it is, or the coordination"
    HOLDER = "the team whose task it is, and nobody else"


class Where(Enum):
    """In which groups its answer may be read; anywhere else it goes to the writer in private."""

    ANYWHERE = "also in a group that is nobody's yet: it shows nothing of a patient"
    GROUP = "in the group of any team of the patient's centre"
    OWN_GROUP = "in the coordination's group: what it shows is not a team's"
    PRIVATE = "in none: what it shows lets people in"


class Action(StrEnum):
    """One family of commands, buttons and sentences."""

    START = "start"
    HELP = "help"
    LEAVE_DRAFT = "leave_draft"
    TALK = "talk"
    TODO = "todo"
    STATUS_ALL = "status_all"
    SEE = "see"
    CHOOSE_PATIENT = "choose_patient"
    ALERT = "alert"
    REPORT = "report"
    ON_CALL = "on_call"
    ENROL = "enrol"
    MOVE = "move"
    LATE = "late"
    HISTORY = "history"
    INVITE = "invite"
    BIND = "bind"
    TEAMS = "teams"
    REMOVE = "remove"
    DELETE = "delete"
    DO_STEP = "do_step"
    CORRECT = "correct"
    END = "end"
    SAY_END = "say_end"
    READ_BACK = "read_back"
    ANSWER_CHECK = "answer_check"
    GRADE = "grade"
    TAKE_ALERT = "take_alert"
    SETTLE_ALERT = "settle_alert"
    ANSWER_DEMAND = "answer_demand"


RULES: dict[Action, tuple[Who, Where]] = {
    # An invitation is how a stranger enters: this door alone has no lock.
    Action.START: (Who.ANYBODY, Where.ANYWHERE),
    Action.HELP: (Who.MEMBER, Where.ANYWHERE),
    Action.LEAVE_DRAFT: (Who.MEMBER, Where.ANYWHERE),
    Action.TALK: (Who.MEMBER, Where.GROUP),
    Action.TODO: (Who.MEMBER, Where.GROUP),
    Action.STATUS_ALL: (Who.MEMBER, Where.GROUP),
    Action.SEE: (Who.NEAR, Where.GROUP),
    Action.CHOOSE_PATIENT: (Who.MEMBER, Where.GROUP),
    Action.ALERT: (Who.NEAR, Where.GROUP),
    Action.REPORT: (Who.NEAR, Where.GROUP),
    Action.ON_CALL: (Who.MEMBER, Where.GROUP),
    Action.ENROL: (Who.COORDINATOR, Where.OWN_GROUP),
    Action.MOVE: (Who.COORDINATOR, Where.GROUP),
    Action.LATE: (Who.COORDINATOR, Where.OWN_GROUP),
    Action.HISTORY: (Who.COORDINATOR, Where.OWN_GROUP),
    Action.INVITE: (Who.COORDINATOR, Where.PRIVATE),
    # A group is nobody's until this is said in it.
    Action.BIND: (Who.COORDINATOR, Where.ANYWHERE),
    Action.TEAMS: (Who.COORDINATOR, Where.OWN_GROUP),
    Action.REMOVE: (Who.COORDINATOR, Where.OWN_GROUP),
    Action.DELETE: (Who.COORDINATOR, Where.OWN_GROUP),
    Action.DO_STEP: (Who.OWNER, Where.GROUP),
    Action.CORRECT: (Who.COORDINATOR, Where.GROUP),
    Action.END: (Who.COORDINATOR, Where.GROUP),
    # A death is said by whoever was there, and confirmed by another one, of any team; whatever
    # else ends a pathway only the coordination says (`ending.ask`).
    Action.SAY_END: (Who.NEAR, Where.GROUP),
    # Two keys, two teams: not even the coordination reads back for the receiver.
    Action.READ_BACK: (Who.HOLDER, Where.GROUP),
    Action.ANSWER_CHECK: (Who.HOLDER, Where.GROUP),
    # What another team sees is a report of its own; it rewrites nothing of this one.
    Action.GRADE: (Who.HOLDER, Where.GROUP),
    Action.TAKE_ALERT: (Who.HOLDER, Where.GROUP),
    Action.SETTLE_ALERT: (Who.HOLDER, Where.GROUP),
    Action.ANSWER_DEMAND: (Who.COORDINATOR, Where.GROUP),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is said or pressed: in private, in a bound group, in an unknown one."""

    private: bool
    team: str = ""
    centre: str = ""

    @property
    def known(self) -> bool:
        return self.private or bool(self.team)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose patient it is about, and whose task."""

    centre: str
    teams: tuple[str, ...] = ()
    whose: str = "step"
    """What the refusal calls it: a step, a relay, a check, an alert, its grade."""


NOBODY = Subject("")
OTHER_TEAM = {
    "step": "step.other_team",
    "relay": "relay.other_team",
    "check": "check.other_team",
    "alert": "alert.other_team",
    "grade": "grade.other_team",
}


def refusal(member: Member | None, action: Action, about: Subject) -> Text | None:
    """Why this may not be done, in one sentence that tells nothing of what is; None if it may."""
    who, _ = RULES[action]
    if who is Who.ANYBODY:
        return None
    if member is None:
        return text("joining.stranger")
    if who is Who.COORDINATOR and not member.coordinates:
        return text("role.forbidden")
    return _not_theirs(who, member, about)


def shows(place: Place, action: Action, about: Subject) -> bool:
    """Whether the answer may be read here: a group is shown what all who read there may know."""
    _, where = RULES[action]
    if place.private or where is Where.ANYWHERE:
        return True
    if where is Where.PRIVATE or not place.known:
        return False
    if place.team == Team.COORDINATION:
        return True
    return where is Where.GROUP and about.centre in ("", place.centre)


def sees_as_much(place: Place, member: Member) -> bool:
    """Whether all who read here may know of every patient whom this member may know of."""
    if place.private or place.team == Team.COORDINATION:
        return True
    return place.known and not member.coordinates and member.centre == place.centre


def _not_theirs(who: Who, member: Member, about: Subject) -> Text | None:
    # Two centres are two legal persons: only who takes part in the care may know (CSP L. 1110-4).
    far = bool(about.centre) and not member.coordinates and member.centre != about.centre
    if far:
        # The words for what is nobody's: a refusal does not say that a patient is elsewhere.
        return text("button.stale")
    if who in (Who.OWNER, Who.HOLDER) and about.teams and member.team not in about.teams:
        if who is Who.OWNER and member.coordinates:
            return None
        return text(OTHER_TEAM[about.whose], team=about.teams[0], centre=about.centre)
    return None
