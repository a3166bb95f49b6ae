"""The Telegram edge, inbound: each handler parses, asks one rule, and shows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeGuard

from bot.care import drafts, joining
from bot.care.telling import spread
from bot.clock import Clock, system_clock
from bot.domain import codes
from bot.domain.access import Action
from bot.domain.commands import CALLS, Command
from bot.domain.message import text
from bot.handlers import pathway, people, subjects, team, toxicity, typed
from bot.handlers.crowd import Crowd, Verdict
from bot.handlers.desk import Entry, serve
from bot.handlers.door import VERDICT, Raw, screen
from bot.handlers.guesses import Guesses
from bot.handlers.visit import Visit, read
from bot.store import Unit, letters
from bot.understanding import unwell

COMMANDS: dict[str, Entry] = {
    "start": Entry(Action.START, people.start),
    "aide": Entry(Action.HELP, people.help_),
    "help": Entry(Action.HELP, people.help_),
    "annuler": Entry(Action.LEAVE_DRAFT, people.leave),
    "statut": Entry(Action.SEE, team.ask_status, subjects.typed_patient),
    "afaire": Entry(Action.TODO, team.todo, subjects.own),
    "toxicite": Entry(Action.ALERT, toxicity.report, subjects.reported),
    "alerte": Entry(Action.ALERT, toxicity.raise_alert, subjects.alerted),
    "garde": Entry(Action.ON_CALL, team.on_call, subjects.home),
    "nouveau": Entry(Action.ENROL, pathway.enrol),
    "reporter": Entry(Action.MOVE, pathway.ask_to_move, subjects.first_word),
    "retards": Entry(Action.LATE, pathway.late),
    "historique": Entry(Action.HISTORY, pathway.history, subjects.typed_patient),
    "cloturer": Entry(Action.END, pathway.ask_which_end, subjects.typed_patient),
    "inviter": Entry(Action.INVITE, people.invite),
    "rattacher": Entry(Action.BIND, people.bind),
    "equipes": Entry(Action.TEAMS, people.teams),
    "retirer": Entry(Action.REMOVE, people.remove),
}

BUTTONS: dict[str, Entry] = {
    "duty:take": Entry(Action.ON_CALL, team.take_duty, subjects.home),
    "duty:leave": Entry(Action.ON_CALL, team.leave_duty, subjects.home),
    "todo:page": Entry(Action.TODO, team.todo_page, subjects.own),
    "step:show": Entry(Action.SEE, team.show_step, subjects.step),
    "step:done": Entry(Action.DO_STEP, team.open_checklist, subjects.step),
    "step:set": Entry(Action.DO_STEP, team.set_item, subjects.step),
    "step:clear": Entry(Action.DO_STEP, team.clear_item, subjects.step),
    "step:confirm": Entry(Action.DO_STEP, team.confirm, subjects.step),
    "step:skip": Entry(Action.DO_STEP, team.skip, subjects.step),
    "step:waive": Entry(Action.DO_STEP, team.waive, subjects.step),
    "step:undo": Entry(Action.DO_STEP, team.undo, subjects.step),
    "step:undo_why": Entry(Action.CORRECT, team.undo_why, subjects.step),
    "step:problem": Entry(Action.DO_STEP, team.problem, subjects.step),
    "step:why": Entry(Action.DO_STEP, team.problem_why, subjects.step),
    "step:move": Entry(Action.DO_STEP, team.choose_day, subjects.step),
    "move:ask": Entry(Action.DO_STEP, team.ask_move, subjects.step),
    "move:preview": Entry(Action.MOVE, pathway.preview, subjects.step),
    "move:apply": Entry(Action.MOVE, pathway.apply, subjects.step),
    "demand:show": Entry(Action.ANSWER_DEMAND, team.show_demand, subjects.demand),
    "demand:seen": Entry(Action.ANSWER_DEMAND, team.problem_seen, subjects.demand),
    "demand:refuse": Entry(Action.ANSWER_DEMAND, team.refuse_move, subjects.demand),
    "relay:show": Entry(Action.SEE, team.show_relay, subjects.relay),
    "relay:receive": Entry(Action.READ_BACK, team.receive, subjects.relay),
    "relay:answer": Entry(Action.READ_BACK, team.read_back, subjects.relay),
    "relay:unlock": Entry(Action.DO_STEP, team.unlock, subjects.given_relay),
    "check:ras": Entry(Action.ANSWER_CHECK, toxicity.ras, subjects.check_line),
    "check:report": Entry(Action.ALERT, toxicity.report_check, subjects.check_line),
    "report:new": Entry(Action.ALERT, toxicity.new_report, subjects.patient),
    "report:sign": Entry(Action.ALERT, toxicity.sign, subjects.report),
    "report:cancel": Entry(Action.REPORT, toxicity.cancel_report, subjects.report),
    "choose:page": Entry(Action.CHOOSE_PATIENT, toxicity.choose_page, subjects.own),
    "alert:new": Entry(Action.ALERT, toxicity.new_alert, subjects.patient),
    "alert:sign": Entry(Action.GRADE, toxicity.set_sign, subjects.described_alert),
    "alert:grade": Entry(Action.GRADE, toxicity.set_grade, subjects.described_alert),
    "alert:take": Entry(Action.TAKE_ALERT, toxicity.take, subjects.taken_alert),
    "alert:cancel": Entry(Action.REPORT, toxicity.cancel, subjects.some_alert),
    "alert:outcome": Entry(Action.SETTLE_ALERT, toxicity.outcome, subjects.settled_alert),
    "end:show": Entry(Action.SEE, pathway.show_end, subjects.end),
    "end:ask": Entry(Action.SAY_END, pathway.ask_to_end, subjects.patient),
    "end:confirm": Entry(Action.SAY_END, pathway.confirm_end, subjects.end),
    "end:withdraw": Entry(Action.SAY_END, pathway.withdraw_end, subjects.end),
    "enrol:is": Entry(Action.ENROL, pathway.answer),
    "enrol:back": Entry(Action.ENROL, pathway.back),
    "enrol:create": Entry(Action.ENROL, pathway.create),
    "late:page": Entry(Action.LATE, pathway.late_page),
    "history:page": Entry(Action.HISTORY, pathway.history_page, subjects.patient),
    "status:page": Entry(Action.STATUS_ALL, team.status_page, subjects.own),
    "status:show": Entry(Action.SEE, team.show_status, subjects.patient),
    "status:plan": Entry(Action.SEE, team.whole_plan, subjects.patient),
    "status:correct": Entry(Action.CORRECT, pathway.correct, subjects.patient),
    "group:bind": Entry(Action.BIND, people.rebind),
    "member:page": Entry(Action.REMOVE, people.remove_page),
    "member:remove": Entry(Action.REMOVE, people.ask_remove),
    "member:gone": Entry(Action.REMOVE, people.gone),
    "draft:leave": Entry(Action.LEAVE_DRAFT, people.leave),
    "group:deleted": Entry(Action.DELETE, people.deleted),
}

STRANGER = Entry(Action.HELP, people.help_)
UNHEARD = Entry(Action.ALERT, people.help_)
"""A stranger's call for help: they have to know that it was not heard."""
TOO_MANY = Entry(Action.HELP, typed.too_many)
STALE = Entry(Action.HELP, typed.stale_button)
UNKNOWN = Entry(Action.HELP, typed.unknown_command)
EDITED = Entry(Action.TALK, typed.edited)
FORWARDED = Entry(Action.TALK, typed.forwarded)
IDENTIFYING = Entry(Action.START, typed.identifying)
IDENTITY = Entry(Action.START, typed.identity)
TYPED = Entry(Action.TALK, typed.typed)
# A sign that one of ours describes in a group of nobody's, or after a slash: heard there too.
CALL = Entry(Action.HELP, typed.typed)
NOT_TEXT = Entry(Action.TALK, typed.not_text)

SHOWS_SOMEBODY = (
    "photo",
    "voice",
    "audio",
    "video",
    "video_note",
    "document",
    "location",
    "venue",
    "contact",
    "paid_media",
    "story",
    # Their words are typed as freely as a caption's.
    "poll",
    "checklist",
)
SHOWS_NOTHING = ("sticker", "animation", "dice", "game")
RULING = ("administrator", "creator")
PRESENT = ("member", *RULING)
CALLED = 10
"""So many patients of one call for help are heard: more are pasted from elsewhere."""


class Desk:
    """Takes updates as Telegram wrote them, in the transaction of their batch."""

    def __init__(
        self,
        bot_name: str,
        clock: Clock = system_clock,
        *,
        doorman: bool = False,
        budgets: bool = False,
    ) -> None:
        """`doorman`: strangers are answered once an hour; `budgets`: and nobody may flood."""
        self._bot_name = bot_name.lower()
        self._guesses = Guesses(clock)
        self._crowd = Crowd(clock, self._guesses, bot_name, budgets=budgets)
        self._doorman = doorman

    @property
    def dropped(self) -> Counter[str]:
        """How many updates nobody read, by why."""
        return self._crowd.dropped

    def admit(self, unit: Unit, updates: Sequence[Raw]) -> Sequence[Raw]:
        """Those of a batch that are to be taken at all."""
        return self._crowd.admit(unit, updates) if self._doorman else updates

    def handle(self, unit: Unit, updates: Sequence[Raw]) -> None:
        """A batch, in its order; all that its buttons are about is read in one go."""
        screened = list(map(screen, updates))
        # One read for the batch, and every lock in one order.
        unit.records.hold(list(filter(None, map(_code_in, screened))))
        for raw in screened:
            self._handle(unit, raw)

    def _handle(self, unit: Unit, raw: Raw) -> None:
        """One update: read, admitted, done, answered."""
        membership = raw.get("my_chat_member")
        if isinstance(membership, dict):
            _membership(unit, membership, greets=self._greets(unit, raw, membership))
            return
        message = raw.get("message")
        # The old number is dead from here on: what waits for it has to follow.
        if isinstance(message, dict) and "migrate_to_chat_id" in message:
            _migrated(unit, message)
            return
        visit = read(unit, raw)
        if visit is None or not visit.chat_id:
            return
        visit.guesses = self._guesses
        if visit.tokens and visit.in_group:
            people.read_by_all(visit)
        for entry in (self._entry(visit, raw), self._rescued(visit, raw)):
            if entry is not None and self._may_hear(visit, entry):
                _serve(visit, entry)

    def _may_hear(self, visit: Visit, entry: Entry) -> bool:
        """Whether this may be answered: strangers are once an hour, but for the codes they try."""
        if visit.member is not None or not self._doorman:
            return True
        if entry is COMMANDS["start"] and visit.args:
            return True
        who, where, tapped = visit.account.telegram_id, visit.chat_id, bool(visit.query_id)
        return self._crowd.may_answer(who, where, visit.update_id, tapped=tapped)

    def _greets(self, unit: Unit, raw: Raw, change: Raw) -> bool:
        """Whether a group that the bot was added to is told what it lacks."""
        who, chat = (change.get(each) for each in ("from", "chat"))
        account = who.get("id") if isinstance(who, dict) else None
        if not self._doorman or unit.people.roster.account(account or 0) or not chat:
            return True
        return self._crowd.may_answer(0, chat.get("id"), raw.get("update_id", 0))

    def _entry(self, visit: Visit, raw: Raw) -> Entry | None:
        """What this update asks for; None if nothing, or nobody of ours asks it."""
        if VERDICT in raw:
            is_call = visit.command is not None and visit.command.name in CALLS
            if raw[VERDICT] == Verdict.TOO_MANY:
                return TOO_MANY
            return UNHEARD if is_call else STRANGER
        if visit.query_id:
            return BUTTONS.get(":".join(visit.typed.split(":")[:2]), STALE)
        edited = raw.get("edited_message")
        message = edited if isinstance(edited, dict) else raw["message"]
        # Before its caption is read: a picture of a bag's label shows who it is (clinique §6.1).
        if any(kind in message for kind in SHOWS_SOMEBODY):
            return IDENTIFYING if _ours(visit) else None
        if visit.refused:
            return IDENTITY if _ours(visit) else None
        # A command that is edited was carried out already, as it stood.
        if visit.command is not None and not isinstance(edited, dict):
            if self._is_anothers(visit.command):
                return None
            _leave_question(visit, visit.command.name)
            unknown = CALL if unwell(visit.typed) else UNKNOWN
            return COMMANDS.get(visit.command.name, unknown)
        return _talk(visit, message, edited=isinstance(edited, dict))

    def _rescued(self, visit: Visit, raw: Raw) -> Entry | None:
        """The call for help that the door kept of a message that is taken away."""
        message = raw.get("message")
        if not isinstance(message, dict) or visit.member is None or visit.command is None:
            return None
        is_taken = visit.refused or any(kind in message for kind in SHOWS_SOMEBODY)
        if not is_taken or self._is_anothers(visit.command):
            return None
        return COMMANDS.get(visit.command.name)

    def _is_anothers(self, command: Command) -> bool:
        return bool(command.bot) and command.bot.lower() != self._bot_name


def _serve(visit: Visit, entry: Entry) -> None:
    """A command is served once; a call for help once for each patient that it names."""
    if entry.action is not Action.ALERT or visit.command is None:
        serve(visit, entry)
        return
    named = codes.called(visit.args)
    for code in named[:CALLED] or ("",):
        visit.args = [code] if code else []
        visit.record = visit.thing = None
        visit.alerted = False
        serve(visit, entry)
    if len(named) > CALLED:
        visit.say(text("alert.none_for_the_rest", n=len(named) - CALLED))


def _leave_question(visit: Visit, command: str) -> None:
    """Who types a command does something else: what is typed next is no answer any more."""
    # /annuler does it itself, and says so; in a group only a reply is an answer.
    if command in COMMANDS and command != "annuler" and visit.member and not visit.in_group:
        drafts.leave(visit.unit, visit.member, visit.chat_id)


def _code_in(raw: Raw) -> str:
    """The code that a button names; nothing if it names none."""
    query = raw.get("callback_query")
    data = query.get("data") if isinstance(query, dict) else None
    # A button of ours names the whole code; anything else locks nothing.
    found = codes.WHOLE.fullmatch(data.split(":")[2]) if _has_code(data) else None
    return found[0] if found and found[1] else ""


def _has_code(data: object) -> TypeGuard[str]:
    return isinstance(data, str) and data.count(":") > 1


def _ours(visit: Visit) -> bool:
    """In a group, whether this is a conversation of ours; in private it always is."""
    return visit.place.private or (visit.member is not None and visit.place.known)


def _talk(visit: Visit, message: dict[str, Any], *, edited: bool) -> Entry | None:
    """What is no command: people also talk among themselves, and strangers are not answered."""
    if not _ours(visit):
        is_call = visit.member is not None and not edited and bool(unwell(visit.typed))
        return CALL if is_call else None
    if edited:
        return EDITED
    if "forward_origin" in message:
        return FORWARDED
    if visit.typed:
        return TYPED
    return NOT_TEXT if any(kind in message for kind in SHOWS_NOTHING) else None


def _membership(unit: Unit, change: dict[str, Any], *, greets: bool) -> None:
    """The bot entered or left a chat, or a person blocked or unblocked it."""
    chat, new = change.get("chat"), change.get("new_chat_member")
    if not isinstance(chat, dict) or not isinstance(new, dict) or not _is_id(chat.get("id")):
        return
    present = new.get("status") in PRESENT or bool(new.get("is_member"))
    if chat["id"] < 0:
        title, admin = str(chat.get("title", "")), new.get("status") in RULING
        joining.meet_group(unit, chat["id"], title, present=present, admin=admin, greets=greets)
    elif present:
        joining.see(unit, unit.people.roster.account(chat["id"]), chat["id"])
    else:
        joining.lose_chat(unit, chat["id"], "blocked")
    spread(unit)


def _migrated(unit: Unit, message: dict[str, Any]) -> None:
    """A group became a supergroup: its team and its letters follow, nobody notices."""
    old, new = message.get("chat", {}).get("id"), message["migrate_to_chat_id"]
    if _is_id(old) and _is_id(new):
        letters.move_chat(unit, old, new)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def apologise(unit: Unit, raw: Raw) -> None:
    """Something broke on our side: say so, say that nothing was done, say what to do."""
    visit = read(unit, screen(raw))
    if visit is None:
        return
    asked = visit.command is not None and visit.command.name in CALLS
    sorry = text("alert.none", why=text("edge.sorry")) if asked else text("edge.sorry")
    if visit.query_id:
        visit.popup(sorry, alert=True)
    # Not to what is said in a group, where nobody may have spoken to us; a call for help is to us.
    elif visit.chat_id and (visit.place.private or (asked and visit.member is not None)):
        visit.say(sorry)
