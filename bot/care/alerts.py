"""Alerts: raised by the report itself, climbing until taken, asked about until closed."""

from datetime import timedelta

from bot.care.telling import head, name_of, pathway_of, tell, tell_chats
from bot.domain import escalation
from bot.domain.message import Button, Card, Keyboard, Priority, Refused, Text, text
from bot.domain.pathway import AlertPlan
from bot.domain.roles import Team
from bot.models import Alert, AlertState, Check, Member, Patient, PatientState
from bot.store import Unit

SIGNS = ("src", "icans", "autre")
OUTCOMES = ("stable", "reanimation", "resolue", "suite")
KEEPS_GOING = "suite"
GRADES = (1, 2, 3, 4)
DOUBLE_TAP = timedelta(minutes=1)


def plan_of(unit: Unit, alert: Alert) -> AlertPlan:
    return pathway_of(unit.patient(alert.patient_id)).alerts


def raise_alert(
    unit: Unit,
    member: Member | None,
    patient: Patient,
    sign: str,
    *,
    check: Check | None = None,
) -> Alert:
    """Alert now; the grade comes after, and its absence delays nothing."""
    if patient.state == PatientState.ENDED:
        raise Refused(text("patient.ended", code=patient.code))
    again = _just_raised(unit, member, patient, sign)
    if again is not None:
        return again
    alert = unit.add(
        Alert(
            patient_id=patient.id,
            check_id=check.id if check else None,
            sign=sign,
            raised_at=unit.now,
            raised_by=member.id if member else None,
            team=member.team if member else "",
        )
    )
    unit.record(
        "alert_raised",
        member=member.id if member else None,
        patient=patient.id,
        alert=alert.id,
        sign=sign,
    )
    _tell_rung(unit, alert)
    _wait(unit, alert)
    return alert


def _just_raised(unit: Unit, member: Member | None, patient: Patient, sign: str) -> Alert | None:
    """The same alert by the same person a moment ago: a double tap, not a second event."""
    for alert in unit.running_alerts(patient.id):
        same = member is not None and (alert.raised_by, alert.sign) == (member.id, sign)
        if same and unit.now - alert.raised_at < DOUBLE_TAP:
            return alert
    return None


def _wait(unit: Unit, alert: Alert) -> None:
    alert.next_at = unit.now + escalation.wait(plan_of(unit, alert), alert.grade, alert.rung)
    unit.add(alert)


def _restart(unit: Unit, alert: Alert) -> None:
    """From the first rung again: somebody new has to take it."""
    alert.rung = 0
    _wait(unit, alert)


def _tell_rung(unit: Unit, alert: Alert) -> None:
    """Everybody of the present rung, each chat once."""
    plan = plan_of(unit, alert)
    rung = escalation.rung_of(plan, alert.rung)
    centre = unit.patient(alert.patient_id).centre
    teams, privately = list(rung.to), list(rung.privately)
    if escalation.needs_neurology(alert.sign):
        teams.append(plan.neuro_team)
        privately = [team for team in _missing(plan, alert) if privately]
    key = f"alert:{alert.id}:rung:{alert.rung}:{unit.stamp()}"
    shown = card(unit, alert)
    for team in dict.fromkeys(teams):
        _tell(unit, alert, team, centre, shown, f"{key}:{team}")
    for team in privately:
        _tell(unit, alert, team, centre, shown, f"{key}:{team}:private", privately=True)
    for team in (team for team in rung.on_call if team in _missing(plan, alert)):
        chats = [m.telegram_id for m in unit.on_call(team, centre) if m.reachable]
        private = f"{key}:{team}:private"
        tell_chats(unit, chats, shown, private, Priority.ALERT, cause(alert))


def _missing(plan: AlertPlan, alert: Alert) -> list[Team]:
    """The teams that must take it and have not: those whose members are called one by one."""
    missing = [] if alert.taken_at else list(plan.takers)
    return missing if alert.neuro_at else [*missing, plan.neuro_team]


def _tell(
    unit: Unit,
    alert: Alert,
    team: str,
    centre: str,
    shown: Card,
    key: str,
    *,
    privately: bool = False,
) -> None:
    tell(
        unit,
        team,
        centre,
        shown,
        key,
        priority=Priority.ALERT,
        cause=cause(alert),
        privately=privately,
    )


def cause(alert: Alert) -> str:
    return f"alert:{alert.id}"


# What is shown


def card(unit: Unit, alert: Alert) -> Card:
    """The alert as everybody sees it: which patient, what, who has it, what to press."""
    if alert.state == AlertState.OPEN:
        key = "alert.again" if alert.rung else "alert.raised"
        return Card(_text(unit, alert, key), _take_buttons(alert))
    if alert.state == AlertState.TAKEN:
        key = "alert.taken" if _complete(alert) else "alert.taken_half"
        rows = () if _complete(alert) else _take_buttons(alert)
        return Card(_text(unit, alert, key), rows)
    key = "alert.closed" if alert.state == AlertState.CLOSED else "alert.cancelled"
    return Card(_text(unit, alert, key))


def _text(unit: Unit, alert: Alert, key: str) -> Text:
    patient = unit.patient(alert.patient_id)
    return text(
        key,
        head=head(unit, patient),
        number=alert.id,
        sign=sign_text(alert.sign),
        grade=text("alert.grade", grade=alert.grade)
        if alert.grade
        else text("alert.grade_unknown"),
        who=name_of(unit, alert.raised_by),
        at=alert.raised_at,
        rung=alert.rung,
        takers=_takers(unit, alert),
        outcome=text(f"alert.outcome.{alert.outcome}") if alert.outcome else text("nothing"),
        closer=name_of(unit, alert.closed_by),
        closed=alert.closed_at or unit.now,
        centre=patient.centre,
    )


def sign_text(sign: str) -> Text:
    return text(f"alert.sign.{sign}") if sign else text("alert.sign_unknown")


def _takers(unit: Unit, alert: Alert) -> tuple[Text, ...] | Text:
    lines = []
    if alert.taken_at:
        lines.append(text("alert.taker", who=name_of(unit, alert.taken_by), at=alert.taken_at))
    if alert.neuro_at:
        lines.append(text("alert.taker", who=name_of(unit, alert.neuro_by), at=alert.neuro_at))
    return tuple(lines) or text("nothing")


def _complete(alert: Alert) -> bool:
    """The ICU has it and, when it is neurological, neurology too."""
    neuro = not escalation.needs_neurology(alert.sign) or alert.neuro_at is not None
    return alert.taken_at is not None and neuro


def _take_buttons(alert: Alert) -> Keyboard:
    return ((Button(text("alert.button.take"), f"alert:take:{alert.id}"),),)


def raised(unit: Unit, alert: Alert) -> Card:
    """What its author sees: it is gone, now the sign or the grade, or a false alarm."""
    rows: list[tuple[Button, ...]] = []
    if not alert.sign:
        rows += [
            (Button(text(f"alert.button.sign_{sign}"), f"alert:sign:{alert.id}:{sign}"),)
            for sign in SIGNS
        ]
    else:
        # Kept after a first answer: a grade tapped by mistake can be set right.
        rows.append(
            tuple(
                Button(text("alert.button.grade", grade=g), f"alert:grade:{alert.id}:{g}")
                for g in GRADES
            )
        )
    rows.append((Button(text("alert.button.false"), f"alert:cancel:{alert.id}"),))
    return Card(_text(unit, alert, "alert.sent"), tuple(rows))


# What people do


def running(unit: Unit, member: Member, alert_id: int) -> Alert:
    alert = unit.alert(alert_id)
    if alert is None:
        raise Refused(text("alert.gone"))
    patient = unit.patient(alert.patient_id)
    if member.team != Team.COORDINATION and member.centre != patient.centre:
        raise Refused(text("check.other_centre", centre=patient.centre))
    if alert.state in (AlertState.CLOSED, AlertState.CANCELLED):
        raise Refused(text("alert.over", number=alert.id))
    return alert


def set_sign(unit: Unit, member: Member, alert_id: int, sign: str) -> Alert:
    """What was seen, said after the alert left; a neurological one also calls neurology."""
    alert = running(unit, member, alert_id)
    if sign not in SIGNS:
        raise Refused(text("button.stale"))
    if sign == alert.sign:
        return alert
    was_complete = _complete(alert)
    alert.sign = sign
    unit.add(alert)
    unit.record(
        "alert_sign", member=member.id, patient=alert.patient_id, alert=alert.id, sign=sign
    )
    if escalation.needs_neurology(sign):
        plan, patient = plan_of(unit, alert), unit.patient(alert.patient_id)
        key = _stamp(unit, alert, "neuro")
        _tell(unit, alert, plan.neuro_team, patient.centre, card(unit, alert), key)
    if alert.state == AlertState.TAKEN and was_complete != _complete(alert):
        # Neurology must take it too, and its clock starts now; or no longer has to.
        (_await_outcome if _complete(alert) else _restart)(unit, alert)
    _refresh(unit, alert, "sign")
    return alert


def set_grade(unit: Unit, member: Member, alert_id: int, grade: int) -> Alert:
    """The grade, typed by the clinician; it can only change the pace of the ladder."""
    alert = running(unit, member, alert_id)
    if grade not in GRADES:
        raise Refused(text("button.stale"))
    plan, was = plan_of(unit, alert), alert.grade
    alert.grade = grade
    unit.add(alert)
    unit.record(
        "alert_grade", member=member.id, patient=alert.patient_id, alert=alert.id, grade=grade
    )
    if alert.next_at is not None and not _complete(alert):
        since = alert.next_at - escalation.wait(plan, was, alert.rung)
        alert.next_at = max(unit.now, since + escalation.wait(plan, grade, alert.rung))
        unit.add(alert)
    _refresh(unit, alert, "grade")
    return alert


def take(unit: Unit, member: Member, alert_id: int) -> Alert:
    """*Je prends en charge*: the ICU must; for a neurological one neurology must as well."""
    alert = running(unit, member, alert_id)
    plan = plan_of(unit, alert)
    if member.team in plan.takers:
        won = alert.taken_at is None and unit.claim(
            alert,
            AlertState.OPEN.value,
            state=AlertState.TAKEN.value,
            taken_at=unit.now,
            taken_by=member.id,
        )
        by, at = alert.taken_by, alert.taken_at
    elif member.team == plan.neuro_team and escalation.needs_neurology(alert.sign):
        won = alert.neuro_at is None
        if won:
            alert.neuro_at, alert.neuro_by = unit.now, member.id
            unit.add(alert)
        by, at = alert.neuro_by, alert.neuro_at
    else:
        raise Refused(text("alert.not_yours", team=plan.takers[0].value))
    if not won:
        raise Refused(text("alert.already_taken", who=name_of(unit, by), at=at or unit.now))
    unit.record("alert_taken", member=member.id, patient=alert.patient_id, alert=alert.id)
    _settle_taken(unit, alert)
    return alert


def _settle_taken(unit: Unit, alert: Alert) -> None:
    unit.withdraw(cause(alert))
    _refresh(unit, alert, "taken")
    # A question about the outcome that was left open shows who has it now.
    unit.rewrite(f"{cause(alert)}:outcome", card(unit, alert), _stamp(unit, alert, "taken"))
    _say_to_all(unit, alert, f"alert:{alert.id}:taken:{unit.stamp()}")
    if alert.state == AlertState.TAKEN and _complete(alert):
        _await_outcome(unit, alert)


def _await_outcome(unit: Unit, alert: Alert) -> None:
    alert.asked_at = None
    alert.next_at = unit.now + plan_of(unit, alert).outcome_after
    unit.add(alert)


def _say_to_all(unit: Unit, alert: Alert, key: str) -> None:
    """A changed message makes no sound: say it again to those who were alerted."""
    plan, centre = plan_of(unit, alert), unit.patient(alert.patient_id).centre
    teams = list(plan.rungs[0].to)
    if escalation.needs_neurology(alert.sign):
        teams.append(plan.neuro_team)
    if alert.team and alert.team not in teams:
        teams.append(Team(alert.team))
    if alert.rung:
        teams += [team for team in plan.rungs[1].to if team not in teams]
    shown = card(unit, alert)
    for team in dict.fromkeys(teams):
        _tell(unit, alert, team, centre, shown, f"{key}:{team}")


def cancel(unit: Unit, member: Member, alert_id: int) -> Alert:
    """A false alarm: only by its author, the coordination or the ICU; everybody is told."""
    alert = running(unit, member, alert_id)
    plan = plan_of(unit, alert)
    if member.id != alert.raised_by and member.team not in (Team.COORDINATION, *plan.takers):
        raise Refused(text("alert.cancel_whose"))
    _end(unit, member, alert, AlertState.CANCELLED)
    unit.record("alert_cancelled", member=member.id, patient=alert.patient_id, alert=alert.id)
    return alert


def settle(unit: Unit, member: Member, alert_id: int, outcome: str) -> Alert:
    """What became of it; *suite* asks again later, the others close it."""
    alert = running(unit, member, alert_id)
    if alert.state != AlertState.TAKEN or outcome not in OUTCOMES:
        raise Refused(text("button.stale"))
    alert.outcome = outcome
    unit.add(alert)
    unit.record(
        "alert_outcome",
        member=member.id,
        patient=alert.patient_id,
        alert=alert.id,
        outcome=outcome,
    )
    if outcome == KEEPS_GOING:
        _await_outcome(unit, alert)
        unit.rewrite(f"{cause(alert)}:outcome", card(unit, alert), _stamp(unit, alert, "going"))
    else:
        _end(unit, member, alert, AlertState.CLOSED)
    return alert


def _end(unit: Unit, member: Member, alert: Alert, state: AlertState) -> None:
    won = unit.claim(
        alert,
        alert.state,
        state=state.value,
        next_at=None,
        closed_at=unit.now,
        closed_by=member.id,
    )
    if not won:
        raise Refused(text("alert.over", number=alert.id))
    unit.withdraw(cause(alert))
    unit.withdraw(f"{cause(alert)}:outcome")
    _refresh(unit, alert, "end")
    unit.rewrite(f"{cause(alert)}:outcome", card(unit, alert), _stamp(unit, alert, "end"))
    _say_to_all(unit, alert, f"alert:{alert.id}:end")


def _stamp(unit: Unit, alert: Alert, what: str) -> str:
    return f"alert:{alert.id}:{what}:{unit.stamp()}"


def _refresh(unit: Unit, alert: Alert, what: str) -> None:
    unit.rewrite(cause(alert), card(unit, alert), _stamp(unit, alert, f"shown:{what}"))


# What the clock does


def climb(unit: Unit, alert: Alert) -> None:
    """Not taken: the next rung. Taken: ask what became of it; unanswered, it reopens."""
    if alert.state == AlertState.OPEN or not _complete(alert):
        alert.rung += 1
        unit.add(alert)
        unit.record("alert_climbed", patient=alert.patient_id, alert=alert.id, rung=alert.rung)
        _tell_rung(unit, alert)
        _wait(unit, alert)
    elif alert.asked_at is None:
        _ask_outcome(unit, alert)
    else:
        _reopen(unit, alert)


def _ask_outcome(unit: Unit, alert: Alert) -> None:
    plan, patient = plan_of(unit, alert), unit.patient(alert.patient_id)
    alert.asked_at, alert.next_at = unit.now, unit.now + plan.outcome_wait
    unit.add(alert)
    rows: Keyboard = tuple(
        (Button(text(f"alert.button.outcome_{outcome}"), f"alert:outcome:{alert.id}:{outcome}"),)
        for outcome in OUTCOMES
    )
    shown = Card(_text(unit, alert, "alert.ask_outcome"), rows)
    for team in plan.takers:
        tell(
            unit,
            team,
            patient.centre,
            shown,
            _stamp(unit, alert, f"outcome:{team}"),
            priority=Priority.ALERT,
            cause=f"{cause(alert)}:outcome",
        )


def _reopen(unit: Unit, alert: Alert) -> None:
    """Taken and then silent: nobody may forget it (acknowledged, then forgotten)."""
    unit.withdraw(f"{cause(alert)}:outcome")
    alert.state, alert.rung = AlertState.OPEN.value, 1
    alert.taken_at = alert.taken_by = alert.neuro_at = alert.neuro_by = alert.asked_at = None
    unit.add(alert)
    unit.record("alert_reopened", patient=alert.patient_id, alert=alert.id)
    unit.rewrite(f"{cause(alert)}:outcome", card(unit, alert), _stamp(unit, alert, "reopened"))
    _tell_rung(unit, alert)
    _wait(unit, alert)
