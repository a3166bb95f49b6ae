"""Who may do what: the six teams and the one table of actions."""

from enum import StrEnum


class Team(StrEnum):
    """A team of the network; the slug is the one people type."""

    EFS = "efs"
    PHARMACIE = "pharmacie"
    GREFFE = "greffe"
    REANIMATION = "reanimation"
    NEUROLOGIE = "neurologie"
    COORDINATION = "coordination"


class Action(StrEnum):
    """One family of commands and buttons."""

    HELP = "help"
    TODO = "todo"
    STATUS = "status"
    TOXICITY = "toxicity"
    ALERT = "alert"
    LEAVE_DRAFT = "leave_draft"
    ON_CALL = "on_call"
    ENROL = "enrol"
    MOVE = "move"
    LATE = "late"
    HISTORY = "history"
    INVITE = "invite"
    BIND = "bind"
    TEAMS = "teams"
    REMOVE = "remove"
    CONFIRM_STEP = "confirm_step"
    UNDO_STEP = "undo_step"
    UNDO_LATER = "undo_later"
    REPORT_PROBLEM = "report_problem"
    ASK_MOVE = "ask_move"
    ACCEPT_RELAY = "accept_relay"
    ANSWER_CHECK = "answer_check"
    TAKE_ALERT = "take_alert"
    SETTLE_ALERT = "settle_alert"
    WAIVE = "waive"


EVERYONE = frozenset(Team)
COORDINATOR = frozenset({Team.COORDINATION})

# Whether it is *their* step, relay or alert depends on the patient, so it is asked in care.
TEAMS_ALLOWED: dict[Action, frozenset[Team]] = {
    Action.HELP: EVERYONE,
    Action.TODO: EVERYONE,
    Action.STATUS: EVERYONE,
    Action.TOXICITY: EVERYONE,
    Action.ALERT: EVERYONE,
    Action.LEAVE_DRAFT: EVERYONE,
    Action.ON_CALL: EVERYONE,
    Action.ENROL: COORDINATOR,
    Action.MOVE: COORDINATOR,
    Action.LATE: COORDINATOR,
    Action.HISTORY: COORDINATOR,
    Action.INVITE: COORDINATOR,
    Action.BIND: COORDINATOR,
    Action.TEAMS: COORDINATOR,
    Action.REMOVE: COORDINATOR,
    Action.CONFIRM_STEP: EVERYONE,
    Action.UNDO_STEP: EVERYONE,
    Action.UNDO_LATER: COORDINATOR,
    Action.REPORT_PROBLEM: EVERYONE,
    Action.ASK_MOVE: EVERYONE,
    Action.ACCEPT_RELAY: EVERYONE,
    Action.ANSWER_CHECK: EVERYONE,
    Action.TAKE_ALERT: EVERYONE,
    Action.SETTLE_ALERT: EVERYONE,
    Action.WAIVE: EVERYONE,
}


def may(team: Team, action: Action) -> bool:
    return team in TEAMS_ALLOWED[action]
