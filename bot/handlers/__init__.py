"""The Telegram edge, inbound: each handler parses, makes one call to care, and says."""

from telegram import Message, Update
from telegram.ext import (
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.domain.roles import Action
from bot.handlers import pathway, people, team, toxicity, typed
from bot.handlers.groups import membership, migrated
from bot.handlers.visit import Bot, Desk, Do
from bot.store import Unit

COMMANDS: dict[str, tuple[Action | None, Do]] = {
    "start": (None, people.start),
    "aide": (None, people.help_),
    "help": (None, people.help_),
    "annuler": (Action.LEAVE_DRAFT, people.leave),
    "statut": (Action.STATUS, team.ask_status),
    "afaire": (Action.TODO, team.todo),
    "toxicite": (Action.TOXICITY, toxicity.report),
    "alerte": (Action.ALERT, toxicity.alert),
    "garde": (Action.ON_CALL, team.on_call),
    "nouveau": (Action.ENROL, pathway.enrol),
    "reporter": (Action.MOVE, pathway.move),
    "retards": (Action.LATE, pathway.late),
    "historique": (Action.HISTORY, pathway.history),
    "inviter": (Action.INVITE, people.invite),
    "rattacher": (Action.BIND, people.bind),
    "equipes": (Action.TEAMS, people.teams),
    "retirer": (Action.REMOVE, people.remove),
}

BUTTONS: dict[str, tuple[Action, Do]] = {
    "duty:take": (Action.ON_CALL, team.take_duty),
    "duty:leave": (Action.ON_CALL, team.leave_duty),
    "step:show": (Action.TODO, team.show_step),
    "step:done": (Action.CONFIRM_STEP, team.open_checklist),
    "step:set": (Action.CONFIRM_STEP, team.set_item),
    "step:clear": (Action.CONFIRM_STEP, team.clear_item),
    "step:confirm": (Action.CONFIRM_STEP, team.confirm),
    "step:skip": (Action.CONFIRM_STEP, team.skip),
    "step:waive": (Action.WAIVE, team.waive),
    "step:undo": (Action.UNDO_STEP, team.undo),
    "step:undo_why": (Action.UNDO_LATER, team.undo_why),
    "step:problem": (Action.REPORT_PROBLEM, team.problem),
    "step:why": (Action.REPORT_PROBLEM, team.problem_why),
    "demand:seen": (Action.MOVE, team.problem_seen),
    "demand:refuse": (Action.MOVE, pathway.refuse_move),
    "step:move": (Action.ASK_MOVE, pathway.choose_day),
    "move:ask": (Action.ASK_MOVE, pathway.ask_move),
    "move:preview": (Action.MOVE, pathway.preview),
    "move:apply": (Action.MOVE, pathway.apply),
    "relay:show": (Action.ACCEPT_RELAY, team.show_relay),
    "relay:receive": (Action.ACCEPT_RELAY, team.receive),
    "relay:answer": (Action.ACCEPT_RELAY, team.read_back),
    "check:ras": (Action.ANSWER_CHECK, team.ras),
    "check:report": (Action.ANSWER_CHECK, toxicity.report_check),
    "report:new": (Action.TOXICITY, toxicity.new_report),
    "report:sign": (Action.TOXICITY, toxicity.sign),
    "report:cancel": (Action.TOXICITY, toxicity.cancel_report),
    "alert:new": (Action.ALERT, toxicity.new_alert),
    "alert:sign": (Action.ALERT, toxicity.set_sign),
    "alert:grade": (Action.ALERT, toxicity.set_grade),
    "alert:take": (Action.TAKE_ALERT, toxicity.take),
    "alert:cancel": (Action.ALERT, toxicity.cancel),
    "alert:outcome": (Action.SETTLE_ALERT, toxicity.outcome),
    "enrol:is": (Action.ENROL, pathway.answer),
    "enrol:back": (Action.ENROL, pathway.back),
    "enrol:create": (Action.ENROL, pathway.create),
    "status:show": (Action.STATUS, team.show_status),
    "status:code": (Action.STATUS, team.status_of_code),
    "status:plan": (Action.STATUS, team.whole_plan),
    "status:correct": (Action.UNDO_LATER, pathway.correct),
    "member:remove": (Action.REMOVE, people.ask_remove),
    "member:gone": (Action.REMOVE, people.gone),
    "draft:leave": (Action.LEAVE_DRAFT, people.leave),
}

IDENTIFYING = (
    filters.PHOTO
    | filters.VOICE
    | filters.AUDIO
    | filters.VIDEO
    | filters.VIDEO_NOTE
    | filters.Document.ALL
    | filters.LOCATION
    | filters.CONTACT
)


class ToAnotherBot(filters.MessageFilter):
    """`/statut@other_bot`: where several bots share a group, each hears only its own."""

    def filter(self, message: Message) -> bool:
        name = (message.text or "").split()[0].partition("@")[2]
        return bool(name) and name.lower() != message.get_bot().username.lower()


def register(application: Bot, desk: Desk) -> None:
    """Every handler, in order: the first that matches is the only one."""
    new = filters.UpdateType.MESSAGE
    application.add_handler(
        ChatMemberHandler(desk.raw(membership), ChatMemberHandler.MY_CHAT_MEMBER)
    )
    application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, desk.raw(migrated)))
    # Service messages (somebody came, a pin) ask nothing of us.
    application.add_handler(MessageHandler(filters.StatusUpdate.ALL, desk.raw(ignored)))
    application.add_handler(
        MessageHandler(
            filters.UpdateType.EDITED_MESSAGE, desk.edge(Action.HELP, typed.edited, talk=True)
        )
    )
    application.add_handler(
        MessageHandler(new & IDENTIFYING, desk.edge(None, typed.identifying, talk=True))
    )
    application.add_handler(
        MessageHandler(new & filters.FORWARDED, desk.edge(Action.HELP, typed.forwarded, talk=True))
    )
    application.add_handler(
        MessageHandler(new & filters.COMMAND & ToAnotherBot(), desk.raw(ignored))
    )
    for name, (action, do) in COMMANDS.items():
        application.add_handler(CommandHandler(name, desk.edge(action, do), filters=new))
    # First of its kind: PTB gives a tap without data to the first one, whatever its pattern.
    application.add_handler(
        CallbackQueryHandler(desk.edge(Action.HELP, typed.stale_button), game_pattern="")
    )
    for name, (needed, do) in BUTTONS.items():
        application.add_handler(
            CallbackQueryHandler(desk.edge(needed, do), pattern=rf"^{name}(:|$)")
        )
    application.add_handler(CallbackQueryHandler(desk.edge(Action.HELP, typed.stale_button)))
    application.add_handler(
        MessageHandler(new & filters.COMMAND, desk.edge(Action.HELP, typed.unknown_command))
    )
    application.add_handler(
        MessageHandler(new & filters.TEXT, desk.edge(Action.HELP, typed.typed, talk=True))
    )
    application.add_handler(MessageHandler(new, desk.edge(Action.HELP, typed.not_text, talk=True)))


def ignored(_unit: Unit, _update: Update) -> None:
    """Nothing to do."""
