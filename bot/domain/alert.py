"""Alerts: raised by the report itself, climbing until taken, asked about until closed.

The ladder is data of the pathway (PATHWAY, *Alert ladder*): each rung says who hears; `wait` how
long until the next one. The ICU must take an alert; a neurological one neurology must as well.
"""

from datetime import timedelta

from bot.domain.facts import RUNNING, Alert, AlertState, PatientState
from bot.domain.message import Priority, Refused, text
from bot.domain.pathway import AlertPlan, Pathway, Rung
from bot.domain.people import Member
from bot.domain.record import Record, To
from bot.domain.roles import Team

SIGNS = ("src", "icans", "autre")
NEUROLOGICAL = "icans"
OUTCOMES = ("stable", "reanimation", "resolue", "suite")
KEEPS_GOING = "suite"
GRADES = (1, 2, 3, 4)
# A slow network makes people press twice.
DOUBLE_TAP = timedelta(minutes=1)
RECEIPT = timedelta(seconds=7)
"""After this its author is told whom it has not reached (CONTRACT 6.4: within ten seconds)."""


# The ladder


def wait(plan: AlertPlan, grade: int | None, rung: int) -> timedelta:
    """How long after a rung the next one comes; an unknown grade counts as a high one."""
    return plan.again if rung >= len(plan.rungs) - 1 else plan.wait(grade)


def farthest(record: Record, alert: Alert) -> timedelta:
    """How far away its next call, or the question what became of it, may be."""
    plan = record.pathway.alerts
    if complete(plan, alert):
        return max(plan.outcome_after, plan.outcome_wait)
    return max(plan.again, plan.calm_after, plan.urgent_after)


def rung_of(plan: AlertPlan, rung: int) -> Rung:
    """Past the last rung, the last one again."""
    return plan.rungs[min(rung, len(plan.rungs) - 1)]


def neurological(alert: Alert) -> bool:
    return NEUROLOGICAL in alert.signs


def takers(plan: AlertPlan) -> tuple[Team, ...]:
    """The teams without whom some alert would stay open."""
    return (*plan.takers, plan.neuro_team)


def must_take(plan: AlertPlan, alert: Alert) -> tuple[Team, ...]:
    return takers(plan) if neurological(alert) else plan.takers


def missing(plan: AlertPlan, alert: Alert) -> list[Team]:
    """The teams that must take it and have not."""
    return [
        team
        for team in must_take(plan, alert)
        if not (alert.neuro_at if team == plan.neuro_team else alert.taken_at)
    ]


def complete(plan: AlertPlan, alert: Alert) -> bool:
    """Everybody who must has it."""
    return not missing(plan, alert)


def unheard(plan: AlertPlan, alert: Alert) -> list[Team]:
    """The missing teams in whose chats nothing has arrived yet."""
    return [team for team in missing(plan, alert) if team not in alert.heard]


def unreachable(record: Record, alert: Alert) -> list[Team]:
    """Those of the missing teams that have no chat at all in which they can be reached."""
    left, centre = missing(record.pathway.alerts, alert), record.patient.centre
    return [team for team in left if not record.roster.chats(team, centre)]


def settlers(plan: AlertPlan, alert: Alert) -> tuple[Team, ...]:
    """Whose word it is what became of an alert."""
    return (*must_take(plan, alert), Team.COORDINATION)


def describers(pathway: Pathway, alert: Alert) -> tuple[str, ...]:
    """Who says more of what is seen: who raised it, the ward, and those whose word ends it."""
    return (alert.team, pathway.checks.in_hospital, *settlers(pathway.alerts, alert))


# Raised


def raise_alert(
    record: Record, by: Member | None, sign: str, *, check: str = "", team: str = ""
) -> Alert:
    """Alert now; the grade comes after, and its absence delays nothing."""
    if record.patient.state == PatientState.ENDED:
        raise Refused(text("patient.ended", code=record.code))
    again = _just_raised(record, by, sign)
    if again is not None:
        return again
    alert = record.add(
        Alert(
            key=record.next_number(Alert),
            check=check,
            sign=sign,
            raised_at=record.now,
            raised_by=by.id if by else None,
            team=by.team if by else team,
        )
    )
    record.log("alert_raised", by.id if by else None, alert=alert.key, sign=sign)
    _tell_rung(record, alert)
    alert.next_at = record.now + RECEIPT
    return alert


def _just_raised(record: Record, by: Member | None, sign: str) -> Alert | None:
    """The same alert by the same person a moment ago: a double tap, not a second event."""
    for alert in record.running_alerts():
        same = by is not None and (alert.raised_by, alert.sign) == (by.id, sign)
        # Younger than nothing, the wall clock was set back: that is no double tap.
        if same and timedelta(0) <= record.now - alert.raised_at < DOUBLE_TAP:
            return alert
    return None


def _wait(record: Record, alert: Alert) -> None:
    alert.next_at = record.now + wait(record.pathway.alerts, alert.grade, alert.rung)


def _tell_rung(record: Record, alert: Alert) -> None:
    """Everybody of the present rung but who took it: groups, those on call, each in private."""
    plan = record.pathway.alerts
    rung, left = rung_of(plan, alert.rung), missing(plan, alert)
    taken = {*must_take(plan, alert)} - {*left}
    teams = [*rung.to, plan.neuro_team] if neurological(alert) else list(rung.to)
    for team in dict.fromkeys(teams):
        # Rung every five minutes for what they did, they would soon hear nothing at all.
        if team not in taken:
            _tell(record, alert, team)
    if rung.privately:
        for team in left:
            _tell(record, alert, team, To.EACH)
    # In private: a group that somebody muted must not cost these minutes.
    for team in rung.on_call:
        if team in left:
            _tell(record, alert, team, To.ON_CALL)


def _tell(record: Record, alert: Alert, team: str, to: To = To.CHATS) -> None:
    record.tell(team, "alert.card", alert, to=to, priority=Priority.ALERT)


def outcome_cause(record: Record, alert: Alert) -> str:
    return f"{record.cause(alert)}:outcome"


def author_cause(record: Record, alert: Alert) -> str:
    """Of the message in which its author says more of it, or takes it back."""
    return f"{record.cause(alert)}:author"


def heard(record: Record, alert: Alert, team: str) -> None:
    """A call arrived in a chat of this team: its author reads who was reached, and when."""
    if team in alert.heard:
        return
    alert.heard[team] = record.now
    if alert.state in RUNNING:
        _show_author(record, alert)


# What people do


def must_run(alert: Alert) -> None:
    """Refuse an alert that is over; who asks has the right to know it."""
    if alert.state not in RUNNING:
        raise Refused(text("alert.over", number=int(alert.key)))


def set_sign(record: Record, alert: Alert, by: Member, sign: str) -> None:
    """What was seen, said after the alert left; it adds to what was said before."""
    must_run(alert)
    if sign not in SIGNS:
        raise Refused(text("button.stale"))
    if sign in alert.signs:
        return
    plan = record.pathway.alerts
    was_complete, first = complete(plan, alert), not alert.sign
    _add_sign(alert, sign)
    record.log("alert_sign", by.id, alert=alert.key, sign=sign)
    if not first:
        # A new domain: those who were alerted know only of the other one.
        _say_to_all(record, alert)
    elif neurological(alert):
        _tell(record, alert, plan.neuro_team)
    if alert.state == AlertState.TAKEN and was_complete and not complete(plan, alert):
        # Neurology must take it too, and its clock starts now. What became of it is not asked
        # of one team while the other has still to come.
        alert.rung, alert.asked_at = 0, None
        _withdraw_outcome(record, alert)
        _wait(record, alert)
    _show(record, alert)


def _add_sign(alert: Alert, sign: str) -> None:
    """Never instead of another: a neurological alert stays so whatever is said later."""
    if alert.sign:
        alert.also = (*alert.also, sign)
    else:
        alert.sign = sign


def set_grade(record: Record, alert: Alert, by: Member, grade: int) -> None:
    """The grade, typed by the clinician: the pace of the ladder; a graver one wakes its takers."""
    must_run(alert)
    if grade not in GRADES:
        raise Refused(text("button.stale"))
    plan, was = record.pathway.alerts, alert.grade
    alert.grade = grade
    record.log("alert_grade", by.id, alert=alert.key, grade=grade)
    if alert.checked and alert.next_at is not None and not complete(plan, alert):
        # From the rung, not from now: grading again and again must not put the next call off.
        # Never from an hour that is still to come: a clock that was ahead put it there.
        since = min(alert.next_at - wait(plan, was, alert.rung), record.now)
        alert.next_at = max(record.now, since + wait(plan, grade, alert.rung))
    # Neurology may have it while the ICU is still called.
    taken = alert.taken_at or alert.neuro_at
    if taken and _rises(plan, alert, by, was):
        record.log("alert_risen", alert=alert.key)
        # From the bottom: whoever took a light one has not heard of this.
        _call_again(record, alert, 0)
    _show(record, alert)


def _rises(plan: AlertPlan, alert: Alert, by: Member, was: int | None) -> bool:
    """Whether it is graver than what was known when it was taken."""
    grade = alert.grade or 0
    if was is not None:
        return grade > was
    # Whoever took it with no grade and now says it has heard of it already.
    heard = {alert.taken_by, alert.neuro_by} <= {by.id, None}
    return grade >= plan.urgent_from_grade and not heard


def take(record: Record, alert: Alert, by: Member) -> None:
    """*Je prends en charge*: the ICU must; for a neurological one neurology must as well."""
    must_run(alert)
    plan = record.pathway.alerts
    if by.team not in must_take(plan, alert):
        raise Refused(
            text("alert.other_team", team=plan.takers[0].value, centre=record.patient.centre)
        )
    is_neuro = by.team == plan.neuro_team
    at, who = (alert.neuro_at, alert.neuro_by) if is_neuro else (alert.taken_at, alert.taken_by)
    if at is not None:
        raise Refused(text("alert.already_taken", who=record.who(who), at=at))
    if is_neuro:
        alert.neuro_at, alert.neuro_by = record.now, by.id
    else:
        alert.become(AlertState.TAKEN)
        alert.taken_at, alert.taken_by = record.now, by.id
    record.log("alert_taken", by.id, alert=alert.key)
    if complete(plan, alert):
        # What waits would wake people for nothing; until then it calls those who are missing.
        record.withdraw(record.cause(alert))
    _show(record, alert)
    # A question about the outcome that was left open shows who has it now.
    record.show(outcome_cause(record, alert), "alert.card", alert)
    _say_to_all(record, alert)
    if complete(plan, alert):
        _await_outcome(record, alert)


def _await_outcome(record: Record, alert: Alert) -> None:
    # Taken is not treated: whoever took it is asked what became of it.
    alert.asked_at, alert.checked = None, True
    alert.next_at = record.now + record.pathway.alerts.outcome_after


def _say_to_all(record: Record, alert: Alert) -> None:
    """A changed message makes no sound: say it again to those who were alerted."""
    plan = record.pathway.alerts
    teams: list[str] = [*plan.rungs[0].to]
    if neurological(alert):
        teams.append(plan.neuro_team)
    if alert.team:
        teams.append(alert.team)
    if alert.rung:
        teams += rung_of(plan, 1).to
    for team in dict.fromkeys(str(each) for each in teams):
        _tell(record, alert, team)


def cancel(record: Record, alert: Alert, by: Member) -> None:
    """A false alarm: by its author until it is taken, else by the coordination or the ICU."""
    must_run(alert)
    allowed = (Team.COORDINATION, *record.pathway.alerts.takers)
    mine = by.id == alert.raised_by and alert.state == AlertState.OPEN
    if not mine and by.team not in allowed:
        raise Refused(text("alert.cancel_whose"))
    record.log("alert_cancelled", by.id, alert=alert.key)
    _end(record, alert, by, AlertState.CANCELLED)


def end(record: Record, alert: Alert, by: Member) -> None:
    """The pathway is over, and with it what was waited for; it was no false alarm."""
    record.log("alert_ended", by.id, alert=alert.key)
    alert.become(AlertState.ENDED)
    alert.next_at, alert.closed_at, alert.closed_by = None, record.now, by.id
    _show(record, alert)
    _withdraw_outcome(record, alert)


def settle(record: Record, alert: Alert, by: Member, outcome: str) -> None:
    """What became of it; *suite* asks again later, the others close it."""
    must_run(alert)
    may_end = alert.state == AlertState.TAKEN and complete(record.pathway.alerts, alert)
    if not may_end or outcome not in OUTCOMES:
        raise Refused(text("button.stale"))
    alert.outcome = outcome
    record.log("alert_outcome", by.id, alert=alert.key, outcome=outcome)
    if outcome == KEEPS_GOING:
        _await_outcome(record, alert)
        _withdraw_outcome(record, alert)
    else:
        _end(record, alert, by, AlertState.CLOSED)


def _end(record: Record, alert: Alert, by: Member, state: AlertState) -> None:
    alert.become(state)
    alert.next_at, alert.closed_at, alert.closed_by = None, record.now, by.id
    record.withdraw(record.cause(alert))
    _show(record, alert)
    _withdraw_outcome(record, alert)
    _say_to_all(record, alert)


def _withdraw_outcome(record: Record, alert: Alert) -> None:
    """The question about the outcome is void, and where it stands is the alert itself."""
    record.withdraw(outcome_cause(record, alert))
    record.show(outcome_cause(record, alert), "alert.card", alert)


def _show(record: Record, alert: Alert) -> None:
    record.show(record.cause(alert), "alert.card", alert)
    _show_author(record, alert)


def _show_author(record: Record, alert: Alert) -> None:
    record.show(author_cause(record, alert), "alert.author", alert)


# What the clock does


def climb(record: Record, alert: Alert) -> None:
    """Not taken: the next rung. Taken: ask what became of it; unanswered, it reopens."""
    if not alert.checked and not complete(record.pathway.alerts, alert):
        _check_receipt(record, alert)
        if alert.next_at is not None and alert.next_at > record.now:
            return
    if alert.state == AlertState.OPEN or not complete(record.pathway.alerts, alert):
        alert.rung += 1
        record.log("alert_climbed", alert=alert.key, rung=alert.rung)
        _tell_rung(record, alert)
        _wait(record, alert)
    elif alert.asked_at is None:
        _ask_outcome(record, alert)
    else:
        _reopen(record, alert)


def _check_receipt(record: Record, alert: Alert) -> None:
    """Written is not heard: whoever raised it must telephone if it reached nobody."""
    plan = record.pathway.alerts
    alert.checked = True
    # Raised later than now, it was raised by a clock that was ahead.
    since = min(alert.raised_at, record.now)
    alert.next_at = since + wait(plan, alert.grade, alert.rung)
    left = unheard(plan, alert)
    record.log("alert_receipt", alert=alert.key, unheard=[team.value for team in left])
    if left and alert.team:
        # To all of the author's team: the phone that raised it may be in a pocket again.
        cause = author_cause(record, alert)
        record.tell(alert.team, "alert.author", alert, cause=cause, priority=Priority.ALERT)
        _show_author(record, alert)


def _ask_outcome(record: Record, alert: Alert) -> None:
    plan = record.pathway.alerts
    alert.asked_at, alert.next_at = record.now, record.now + plan.outcome_wait
    for team in plan.takers:
        record.tell(
            team,
            "alert.ask_outcome",
            alert,
            # A cause of its own: the question may be void while the calls of the alert are not.
            cause=outcome_cause(record, alert),
            priority=Priority.ALERT,
        )


def _reopen(record: Record, alert: Alert) -> None:
    """Taken and then silent: nobody may forget it (acknowledged, then forgotten)."""
    record.log("alert_reopened", alert=alert.key)
    # Not from the bottom: the first rung was heard once already, and led nowhere.
    _call_again(record, alert, 1)


def _call_again(record: Record, alert: Alert, rung: int) -> None:
    """Taken no more: it climbs from this rung until somebody takes it anew."""
    if alert.state == AlertState.TAKEN:
        alert.become(AlertState.OPEN)
    alert.rung = rung
    alert.taken_at = alert.taken_by = alert.neuro_at = alert.neuro_by = alert.asked_at = None
    _withdraw_outcome(record, alert)
    _show_author(record, alert)
    _tell_rung(record, alert)
    _wait(record, alert)
