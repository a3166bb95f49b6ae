"""The toxicity watch and its checks: asked, answered, or escalated; there is no fourth outcome.

Who is asked and when is data of the pathway (PATHWAY, *Toxicity checks*). The checks of one team
at one hour are a round: they share a message, and each keeps its own clock.
"""

from datetime import datetime, timedelta

from bot.domain import alert as alerts
from bot.domain.facts import (
    Alert,
    Check,
    CheckState,
    StepState,
    Watch,
    WatchState,
)
from bot.domain.message import Priority, Refused, text
from bot.domain.pathway import Anchor, next_check
from bot.domain.people import Member
from bot.domain.record import Record
from bot.domain.roles import Team

UNFINISHED = timedelta(minutes=5)
"""A report begun and left is worth an alert after this: somebody saw something."""
LATE = timedelta(minutes=15)
ESCALATED = 2
"""The rung at which others are called."""
GIVEN_UP = timedelta(hours=10)
"""After its escalation, how long an unanswered check may stand; then it is said as missed."""


def next_for(record: Record, after: datetime) -> datetime | None:
    """The first check after an instant; none once the watch is over."""
    return next_check(record.pathway.checks, record.patient.day0_on, record.calendar, after)


def watched(record: Record) -> bool:
    """Between the step that opens the checks and the one that closes them."""
    done = [
        record.pathway.step(slug)
        for slug, step in record.steps.items()
        # Done, and not only closed: what did not take place opens no watch.
        if step.state == StepState.DONE
    ]
    opened = any(step.opens_checks for step in done)
    return opened and record.active and not any(step.closes_checks for step in done)


def discharged(record: Record) -> bool:
    return any(
        step.state == StepState.DONE and record.pathway.step(slug).anchor_of is Anchor.SO
        for slug, step in record.steps.items()
    )


def asked_team(record: Record) -> Team:
    """The unit while the patient is in hospital, the coordination afterwards."""
    return record.pathway.checks.team(discharged(record))


def answers(record: Record, check: Check) -> tuple[str, ...]:
    """The teams whose answer counts: the one that is asked, and those it climbs to."""
    return (check.team, Team.COORDINATION, *record.pathway.checks.escalate_to)


def escalated(check: Check) -> bool:
    """Put to others than the team that was asked."""
    return check.rung >= ESCALATED


def called(record: Record, check: Check) -> tuple[str, ...]:
    """The other teams that an escalated check was put to."""
    others = record.pathway.checks.escalate_to if escalated(check) else ()
    return tuple(team for team in others if team != check.team)


def adjust_watch(record: Record) -> None:
    """Open or closed as the steps say; what somebody began to report is never dropped."""
    watch = record.watch
    coming = next_for(record, record.now) if watched(record) else None
    wanted = WatchState.OPEN if coming else WatchState.CLOSED
    if watch.state != wanted:
        watch.become(wanted)
    watch.next_at = coming
    direct_watch(record)
    if not watched(record):
        for check in record.unanswered():
            if check.state == CheckState.ASKED:
                _close(record, check, CheckState.CANCELLED)


def cancel_all(record: Record) -> None:
    """The pathway is over: nobody is asked any more, and a report that was begun is void."""
    for check in record.unanswered():
        _close(record, check, CheckState.CANCELLED)
    adjust_watch(record)


def direct_watch(record: Record) -> None:
    """Whom the next round is for: said on the watch itself, where the store finds it."""
    record.watch.team = asked_team(record).value


# What the clock does


def ask(record: Record, watch: Watch) -> None:
    """The hour of a round has come: ask, or say that an older one was never asked."""
    passed = _passed(record)
    if passed:
        # One open question a patient: of two, only one would be answered.
        for check in record.unanswered():
            if check.state == CheckState.ASKED:
                _miss(record, check)
        # Only the newest is asked: nobody can say now what was to be seen hours ago.
        for at in passed[:-1]:
            _never_asked(record, at)
        check = _new(record, passed[-1])
        watch.asked_at = check.at
        # Asked by a clock that was ahead, it may be reported at this moment.
        if check.key not in record.checks:
            check.next_at = record.now + record.pathway.checks.remind
            record.tell(check.team, "check.round", record.add(check))
    adjust_watch(record)


def _new(record: Record, at: datetime) -> Check:
    return Check(
        # The minute and not a number: the patients of a round share it, and so their message.
        key=str(int(at.timestamp()) // 60),
        team=asked_team(record).value,
        centre=record.patient.centre,
        at=at,
        asked_at=record.now,
    )


def _never_asked(record: Record, at: datetime) -> None:
    """The bot was off at that hour: recorded as missed, and told (law 6)."""
    check = _new(record, at)
    # Not by `become`: what nobody was asked has no state before this one.
    check.state, check.answered_at = CheckState.MISSED.value, record.now
    if check.key in record.checks:
        return
    record.add(check)
    record.log("check_missed", at=at.isoformat())
    record.tell(Team.COORDINATION, "check.never_asked", check, cause="", priority=Priority.ANSWER)


def _passed(record: Record) -> list[datetime]:
    """The hours of rounds that have come since the watch was last looked at, oldest first."""
    found: list[datetime] = []
    at, last = record.watch.next_at, record.watch.asked_at
    while at is not None and at <= record.now:
        if last is None or at > last:
            found.append(at)
        at = next_for(record, at)
    return found


def due(record: Record, check: Check) -> None:
    """Nobody finished a report: it becomes an alert. Nobody answered: the next rung."""
    if check.state == CheckState.REPORTING:
        _finish_report(record, check)
        return
    check.rung += 1
    record.log("check_late", at=check.at.isoformat(), rung=check.rung)
    if check.rung > ESCALATED:
        _miss(record, check)
        return
    check.next_at = _next_rung(record, check)
    if check.rung == 1:
        record.tell(check.team, "check.round_again", check)
        return
    # A ward that is silent for two hours is a sign by itself: it overtakes, at night too.
    for team in dict.fromkeys((*record.pathway.checks.escalate_to, check.team)):
        record.tell(team, "check.round_escalated", check, priority=Priority.ALERT)


LONGEST_WATCH = timedelta(days=1, hours=2)
"""From one round to the next; the clocks of a zone go back once a year."""


def set_right(record: Record) -> None:
    """The clock was ahead: rounds of hours that are still to come were not asked then."""
    for check in record.unanswered():
        if check.state == CheckState.ASKED and check.at > record.now:
            _close(record, check, CheckState.CANCELLED)
    watch = record.watch
    if watch.asked_at is not None and watch.asked_at > record.now:
        watch.asked_at = None
    adjust_watch(record)


def farthest(record: Record, check: Check) -> timedelta:
    """How far away its next rung may be."""
    plan = record.pathway.checks
    return GIVEN_UP if check.rung > 1 else max(plan.remind, plan.escalate)


def _next_rung(record: Record, check: Check) -> datetime:
    plan = record.pathway.checks
    if check.rung > 1:
        return record.now + GIVEN_UP
    coming = check.at + plan.escalate
    # Reminded late (an outage), the team still has its time before others are called.
    return coming if coming > record.now else record.now + (plan.escalate - plan.remind)


def _finish_report(record: Record, check: Check) -> None:
    """A report was begun and left: whoever began it saw something, so it becomes an alert."""
    # Without a sign, which was never said: an unknown grade climbs the fastest.
    by = record.roster.members.get(check.began[0])
    alerts.raise_alert(record, by, "", check=check.key, team=check.team)
    _close(record, check, CheckState.REPORTED, check.began[0])


# What people do


def is_open(check: Check) -> bool:
    return check.state in (CheckState.ASKED, CheckState.REPORTING)


def must_be_open(record: Record, check: Check) -> None:
    """Refuse a check that waits no more; who asks has the right to know it."""
    if check.state in (CheckState.CANCELLED, CheckState.MISSED) or not record.active:
        raise Refused(text("check.gone"))
    if not is_open(check):
        who, at = record.who(check.answered_by), check.answered_at or record.now
        raise Refused(text("check.already", who=who, at=at))


def answer_ras(record: Record, check: Check, by: Member) -> None:
    """Nothing to report for this patient."""
    must_be_open(record, check)
    if check.state == CheckState.REPORTING:
        # Somebody saw something: only that report's own buttons end it.
        raise Refused(text("check.being_reported"))
    record.log("check_ras", by.id, at=check.at.isoformat())
    _close(record, check, CheckState.RAS, by.id)


def begin_report(record: Record, check: Check, by: Member) -> None:
    """*Signaler* was pressed; unless it is finished or given up soon, it becomes an alert."""
    must_be_open(record, check)
    if by.id not in check.began:
        check.began = (*check.began, by.id)
        record.log("report_begun", by.id, at=check.at.isoformat())
    if check.state == CheckState.REPORTING:
        return  # a second press does not give it more time
    check.become(CheckState.REPORTING)
    check.held_at, check.next_at = check.next_at, record.now + UNFINISHED
    record.show(check.round, "check.round", check)


def begin_own_report(record: Record, by: Member) -> Check:
    """Somebody reports without being asked; left, it becomes an alert like any other."""
    if not record.active:
        raise Refused(text("patient.ended", code=record.code))
    begun = (it for it in record.unanswered() if it.asked_at is None and it.began == (by.id,))
    known = next(begun, None)
    if known is not None:
        return known
    key = int(record.now.timestamp())
    while str(key) in record.checks:
        key += 1
    record.log("report_begun", by.id, at=record.now.isoformat())
    return record.add(
        Check(
            key=str(key),
            state=CheckState.REPORTING.value,
            team=by.team,
            centre=record.patient.centre,
            at=record.now,
            began=(by.id,),
            next_at=record.now + UNFINISHED,
        )
    )


def give_up_report(record: Record, check: Check, by: Member) -> None:
    """Pressed by mistake: the line is asked again, on the clock that it had."""
    # Somebody saw something: who was neither asked nor saw it does not take it back.
    if by.team != check.team and by.id not in check.began:
        raise Refused(text("check.other_team", team=check.team, centre=check.centre))
    must_be_open(record, check)
    if check.state != CheckState.REPORTING:
        return
    # Of several who saw something, each takes back what they saw themselves.
    check.began = tuple(it for it in check.began if it != by.id) if by.id in check.began else ()
    record.log("report_given_up", by.id, at=check.at.isoformat())
    if check.began:
        return
    if check.asked_at is None:
        check.become(CheckState.CANCELLED)
        check.next_at = None
        return
    check.become(CheckState.ASKED)
    if _newer_was_asked(record, check):
        # One open question a patient: the newer one is asked already, or answered.
        _miss(record, check)
        return
    check.next_at = max(record.now, check.held_at or record.now)
    record.show(check.round, "check.round", check)


def _newer_was_asked(record: Record, check: Check) -> bool:
    last = record.watch.asked_at
    return last is not None and check.at < last


def report(record: Record, by: Member, sign: str, check: Check | None) -> Alert:
    """What is seen. Whatever became of its line meanwhile, a report is never refused."""
    if check is None:
        return alerts.raise_alert(record, by, sign)
    known = next((a for a in record.running_alerts() if a.check == check.key), None)
    # Whose word it is not raises another one: that is never refused either.
    if known is not None and by.team in alerts.describers(record.pathway, known):
        alerts.set_sign(record, known, by, sign)
        return known
    raised = alerts.raise_alert(record, by, sign, check=check.key)
    if is_open(check):
        _close(record, check, CheckState.REPORTED, by.id)
    return raised


def _miss(record: Record, check: Check) -> None:
    _close(record, check, CheckState.MISSED)
    record.log("check_missed", at=check.at.isoformat())


def _close(record: Record, check: Check, state: CheckState, by: int | None = None) -> None:
    check.become(state)
    check.next_at, check.answered_at, check.answered_by = None, record.now, by
    watch = record.watch
    watch.last_state, watch.last_by, watch.last_at = check.state, by, record.now
    record.show(check.round, "check.round", check)
