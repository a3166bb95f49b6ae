"""The gate: who may say and press what; whoever may not learns and changes nothing.

And where it is answered: what a group is shown is what the writer and all of the group may see.

The table below was written from CONTRACT and the pathway, not from the code it judges. Every
command, button, sentence and answer of the bot stands in it once, or the first test fails.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest

from bot.domain import access
from bot.domain.access import NOBODY, Action, Place, Subject
from bot.domain.facts import StepState
from bot.domain.people import Member
from bot.domain.roles import Team
from bot.handlers import BUTTONS, COMMANDS
from bot.handlers.desk import Entry
from bot.handlers.typed import ANSWERS, INTENTS
from tests.fakes import FakeClock
from tests.hospital import ANY, Hospital
from tests.scenarios.conftest import empty  # noqa: F401
from tests.ward import Person

ENTRIES: dict[str, Entry] = {
    **{f"/{name}": entry for name, entry in COMMANDS.items()},
    **BUTTONS,
    **{f"said:{name}": entry for name, entry in INTENTS.items()},
    **{f"answered:{name}": entry for name, entry in ANSWERS.items()},
}


def names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Who may

ANYBODY = names("/start")
WHOEVER_JOINED = names("""
    /aide /help /annuler /afaire /garde said:a_faire said:aide said:qui_garde
    duty:take duty:leave todo:page status:page choose:page draft:leave
""")
WHOEVER_CARES_IN_THE_CENTRE = names("""
    /statut /toxicite /alerte said:statut_patient said:ras said:deces said:signaler_toxicite
    step:show relay:show end:show end:ask end:confirm end:withdraw status:show status:plan
    check:report report:new report:sign report:cancel alert:new alert:cancel
""")
THE_TEAM_OR_THE_COORDINATION = names("""
    said:confirmer_etape step:done step:set step:clear step:confirm step:skip step:waive step:undo
    step:problem step:why step:move move:ask relay:unlock
    answered:day answered:item answered:problem answered:skip answered:waive
""")
THE_TEAM_AND_NOBODY_ELSE = names("""
    relay:receive relay:answer check:ras alert:take alert:sign alert:grade alert:outcome
""")
THE_COORDINATION = names("""
    /nouveau /reporter /retards /historique /cloturer /inviter /rattacher /equipes /retirer
    said:retards
    step:undo_why move:preview move:apply demand:show demand:seen demand:refuse
    enrol:is enrol:back enrol:create late:page history:page status:correct
    member:page member:remove member:gone group:bind group:deleted answered:enrol answered:undo
""")
WHO = (
    ANYBODY,
    WHOEVER_JOINED,
    WHOEVER_CARES_IN_THE_CENTRE,
    THE_TEAM_OR_THE_COORDINATION,
    THE_TEAM_AND_NOBODY_ELSE,
    THE_COORDINATION,
)

# Where it is answered, besides in private

CALLS_FOR_HELP = names("""
    /toxicite /alerte said:signaler_toxicite check:report report:new report:sign alert:new
""")
IN_ANY_CHAT = names("""
    /start /aide /help /annuler draft:leave said:aide /rattacher group:bind
""")
IN_NO_GROUP = names("/inviter")
IN_NO_TEAMS_GROUP = names("""
    /nouveau /retards /historique /equipes /retirer said:retards late:page history:page
    enrol:is enrol:back enrol:create answered:enrol member:page member:remove member:gone
    group:deleted
""")

# About whose task, in a hospital where the unit has something to do of each kind

WHOSE = {
    "relay": ("relay", ("greffe",)),
    "check": ("check", ("greffe", "coordination", "reanimation")),
    "alert": ("alert", ("reanimation", "neurologie")),
    "step": ("step", ("greffe",)),
}
SETTLERS = ("reanimation", "coordination")
DESCRIBERS = ("greffe", *SETTLERS)
LISTS = names("/afaire said:a_faire todo:page status:page choose:page")
ABOUT_ONES_CENTRE = names("/garde said:qui_garde duty:take duty:leave")
ABOUT_NOBODY = (
    (WHOEVER_JOINED - LISTS - ABOUT_ONES_CENTRE)
    | ANYBODY
    | names("""
    /nouveau /retards /inviter /rattacher /equipes /retirer said:retards late:page
    enrol:is enrol:back enrol:create answered:enrol member:page member:remove member:gone
    group:bind group:deleted
""")
)


@dataclass(frozen=True)
class Somebody:
    """Who asks: a team and a centre, or nothing at all."""

    what: str
    team: str = ""
    centre: str = "TLS"
    left: bool = False

    @property
    def coordinates(self) -> bool:
        return self.team == "coordination"


ROLES = tuple(Somebody(team, team) for team in Team)
OTHERS = (
    Somebody("a stranger"),
    Somebody("a removed member", "greffe", left=True),
    Somebody("the same team elsewhere", "greffe", "MPL"),
)
PLACES = {
    "private": Place(True),
    "own group": Place(False, "greffe", "TLS"),
    "another team's group": Place(False, "pharmacie", "TLS"),
    "another centre's group": Place(False, "greffe", "MPL"),
    "the coordination's group": Place(False, "coordination", "TLS"),
    "nobody's group": Place(False),
}


def task(name: str) -> tuple[str, tuple[str, ...]]:
    """What the refusal calls it, and whose it is."""
    if name == "alert:outcome":
        return "alert", SETTLERS
    if name in ("alert:sign", "alert:grade"):
        return "grade", DESCRIBERS
    if name == "relay:unlock":
        return WHOSE["step"]
    return WHOSE.get(name.partition(":")[0], WHOSE["step"])


def expected(name: str, who: Somebody, centre: str = "TLS") -> str:
    """The key of the refusal, as a person would work it out; nothing if it is allowed."""
    if name in ANYBODY:
        return ""
    if not who.team or who.left:
        return "joining.stranger"
    if name in THE_COORDINATION and not who.coordinates:
        return "role.forbidden"
    return not_theirs(name, who, centre)


def as_said(name: str, key: str) -> str:
    """How a refusal begins: that of a call for help says first that no alert has left."""
    return f"alert.none why=({key}" if name in CALLS_FOR_HELP else key


def shown(name: str, place: str, centre: str = "TLS") -> bool:
    """Whether the answer may be read there, as a person would work it out."""
    if place == "private" or name in IN_ANY_CHAT:
        return True
    if place == "nobody's group" or name in IN_NO_GROUP:
        return False
    if place == "the coordination's group":
        return True
    here = "MPL" if place == "another centre's group" else "TLS"
    return name not in IN_NO_TEAMS_GROUP and centre in ("", here)


def not_theirs(name: str, who: Somebody, centre: str) -> str:
    if centre and not who.coordinates and who.centre != centre:
        return "button.stale"
    called, teams = task(name)
    if name in THE_TEAM_OR_THE_COORDINATION and who.coordinates:
        return ""
    if name in THE_TEAM_OR_THE_COORDINATION | THE_TEAM_AND_NOBODY_ELSE and who.team not in teams:
        return f"{called}.other_team"
    return ""


def subject(name: str, who: Somebody) -> Subject:
    """A patient of Toulouse with a task; a list is about one's own centre."""
    if name in LISTS:
        return NOBODY if who.coordinates else Subject(who.centre)
    if name in ABOUT_ONES_CENTRE:
        return Subject(who.centre)
    if name in ABOUT_NOBODY:
        return NOBODY
    called, teams = task(name)
    tasks = THE_TEAM_OR_THE_COORDINATION | THE_TEAM_AND_NOBODY_ELSE
    return Subject("TLS", teams, called) if name in tasks else Subject("TLS")


def member(who: Somebody) -> Member | None:
    """What the roster knows of them; a removed one is a stranger to it."""
    if not who.team or who.left:
        return None
    return Member(1, 1, who.what, who.team, who.centre, FakeClock()())


# The tables are whole


def test_every_command_button_and_sentence_has_its_place_once() -> None:
    listed = [name for group in WHO for name in group]

    assert sorted(listed) == sorted(ENTRIES)


def test_every_action_has_a_rule_and_is_asked_by_some_entry() -> None:
    used = {entry.action for entry in ENTRIES.values()} | {Action.TALK}

    assert set(access.RULES) == set(Action) == used


def test_places_are_said_of_entries_that_exist() -> None:
    places = IN_ANY_CHAT | IN_NO_GROUP | IN_NO_TEAMS_GROUP
    assert set(ENTRIES) >= (places | LISTS | ABOUT_ONES_CENTRE | ABOUT_NOBODY)


# The full product, without a database


@pytest.mark.parametrize("who", [*ROLES, *OTHERS], ids=lambda who: str(who.what))
def test_each_may_do_what_the_table_says_and_nothing_else(who: Somebody) -> None:
    said = {}
    for name, entry in ENTRIES.items():
        about = subject(name, who)
        no = access.refusal(member(who), entry.action, about)
        wanted = expected(name, who, about.centre)
        if (no.key if no else "") != wanted:
            said[name] = (no, wanted)

    assert said == {}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("who", ROLES, ids=lambda who: str(who.what))
def test_each_place_shows_what_the_table_says_and_nothing_else(who: Somebody, place: str) -> None:
    wrong = []
    for name, entry in ENTRIES.items():
        about = subject(name, who)
        if access.shows(PLACES[place], entry.action, about) != shown(name, place, about.centre):
            wrong.append(name)

    assert wrong == []


def test_a_refusal_of_a_task_names_its_team_and_nothing_else() -> None:
    efs = Member(1, 1, "Léa", "efs", "TLS", FakeClock()())

    no = access.refusal(efs, Action.DO_STEP, Subject("TLS", ("greffe",), "step"))

    assert no
    assert (no.key, dict(no.values)) == ("step.other_team", {"team": "greffe", "centre": "TLS"})


# In a ward


@pytest.fixture
def address() -> str:
    """What the gate says does not depend on the database."""
    return "sqlite://"


@pytest.fixture
async def ward(empty: Hospital) -> Hospital:  # noqa: F811
    """Two centres, and a patient of Toulouse with something open of each kind."""
    empty.staff()
    empty.staff(*(team for team in Team if team is not Team.COORDINATION), centre="MPL")
    return empty


async def busy(ward: Hospital) -> str:
    """A patient who was injected, asked about, in alarm, given to the ICU, in trouble."""
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    await ward.alert(Team.GREFFE, code)
    greffe = ward.who(Team.GREFFE)
    await ward.tap(greffe, greffe.id, ANY, f"step:why:{code}:sortie:transport")
    return code


def pressed(ward: Hospital, code: str) -> dict[str, str]:
    """A button of every kind about this patient, as its message bears it."""
    [line] = ward.record(code).checks
    step = f"{code}:sortie"
    rest = {
        "step:set": ":0:1", "step:clear": ":0", "step:why": ":transport",
        "move:ask": ":2026-05-13", "move:preview": ":2026-05-13",
        "move:apply": ":2026-05-12:2026-05-13",
        "relay:answer": ":2", "report:sign": ":src", "alert:sign": ":src", "alert:grade": ":2",
        "alert:outcome": ":stable", "history:page": ":0",
    }  # fmt: skip
    about = {
        "step": step, "move": step, "demand": f"{code}:1", "relay": f"{code}:1",
        "check": f"{code}:{line}", "alert": f"{code}:1", "status": code, "history": code,
        "end": f"{code}:1",
        "report": f"{code}:{line}",
    }  # fmt: skip
    bare = {"report:new", "alert:new"}
    rest["end:ask"] = ":deces"
    found = {}
    for name in BUTTONS:
        family = name.partition(":")[0]
        if family in about and name != "status:page":
            tail = code if name in bare else about[family] + rest.get(name, "")
            found[name] = f"{name}:{tail}"
    return found


def dump(ward: Hospital, code: str) -> Any:
    """All the facts of a patient, and how many events there are."""
    record = ward.record(code)
    facts = {
        kind: {key: asdict(it) for key, it in of.items()} for kind, of in record.things.items()
    }
    return asdict(record.patient), facts, ward.ask(lambda unit: unit.events.count())


def sent_since(ward: Hospital, before: int) -> str:
    """All that was said anywhere since then: texts, buttons, what they carry."""
    return " ".join(
        f"{letter.body} {letter.keyboard} {letter.payload}"
        for _, letter in ward.transport.sent[before:]
    )


def as_somebody(person: Person, *, left: bool = False) -> Somebody:
    return Somebody(person.name, person.team, person.centre, left)


def remove(ward: Hospital, person: Person) -> None:
    with ward.database.unit() as unit:
        found = unit.people.roster.account(person.id)
        assert found
        unit.people.put(replace(found, left_at=unit.now))


async def test_what_is_refused_changes_nothing_and_says_only_that(ward: Hospital) -> None:
    code = await busy(ward)
    gone = ward.person("Gone", Team.GREFFE)
    remove(ward, gone)
    before, refused, wrong = dump(ward, code), 0, []

    for name, data in pressed(ward, code).items():
        for person, left in (
            (ward.person("Stranger"), False),
            (gone, True),
            (ward.who(Team.GREFFE, "MPL"), False),
            (ward.who(Team.EFS), False),
            (ward.who(Team.COORDINATION), False),
        ):
            wanted = expected(name, as_somebody(person, left=left))
            if not wanted:
                continue
            sent = len(ward.transport.sent)
            said = ward.popup(await ward.tap(person, person.id, ANY, data))
            refused += 1
            if not said.startswith(as_said(name, wanted)) or code in sent_since(ward, sent):
                wrong.append((name, person.name, said, wanted))

    assert wrong == []
    assert refused > 80
    assert dump(ward, code) == before


GROUPS = ("another centre's group", "nobody's group")


def group_of(ward: Hospital, place: str) -> int:
    return ward.chat(Team.GREFFE, "MPL") if place == "another centre's group" else -5


def shown_in(ward: Hospital, chat: int, before: int) -> str:
    """All that was shown in a chat since then, with what its buttons carry."""
    return " ".join(
        f"{letter.body} {letter.keyboard}"
        for _, letter in ward.transport.sent[before:]
        if letter.chat_id == chat
    )


@pytest.mark.parametrize("place", GROUPS)
async def test_a_button_shows_nothing_of_a_patient_where_its_group_may_not_see_them(
    ward: Hospital, place: str
) -> None:
    code = await busy(ward)
    chat, wrong, private = group_of(ward, place), [], 0

    for name, data in pressed(ward, code).items():
        for person in (ward.who(Team.COORDINATION), ward.who(Team.GREFFE)):
            before = len(ward.transport.sent)
            said = ward.popup(await ward.tap(person, chat, ANY, data))
            here, there = shown_in(ward, chat, before), shown_in(ward, person.id, before)
            private += bool(there)
            told = "edge.in_private" in here or "elsewhere" in here
            if code in here or said == "no answer" or bool(there) != told:
                wrong.append((name, person.name, said, here))

    assert wrong == []
    assert private > 20


def typed(code: str, wrong: str) -> list[str]:
    """Every command with a code and alone, every sentence; with a slip of typing too."""
    commands = [f"/{name}" for name in COMMANDS if name != "rattacher"]
    four = code.partition("-")[2]
    sentences = (
        "où en est {0} ?", "{0}", "RAS {0}", "{0} est décédé", "sortie faite {0}",
        "fièvre chez {0}", "quels retards ?", "quoi à faire ?", "qui est de garde ?",
    )  # fmt: skip
    named = [f"{each} {{0}}" for each in commands] + list(sentences)
    return [
        *commands,
        *(each.format(which) for each in named for which in (code, four, wrong)),
        f"/reporter {code} j0 01/06/2026",
    ]


@pytest.mark.parametrize("place", GROUPS)
async def test_what_is_typed_shows_nothing_of_a_patient_where_its_group_may_not_see_them(
    ward: Hospital, place: str
) -> None:
    code = await busy(ward)
    four = code.partition("-")[2]
    slip = code[:-1] + ("2" if code[-1] != "2" else "3")
    chat, wrong, private = group_of(ward, place), [], 0

    for person in (ward.who(Team.COORDINATION), ward.who(Team.GREFFE)):
        for said in typed(code, slip):
            before = len(ward.transport.sent)
            await ward.say(person, said, chat)
            here, there = shown_in(ward, chat, before), shown_in(ward, person.id, before)
            private += bool(there)
            told = "edge.in_private" in here or "elsewhere" in here
            if four in here or (there and not told):
                wrong.append((person.name, said, here))
            if said.startswith("/") and not here:
                wrong.append((person.name, said, "silence"))

    assert wrong == []
    assert private > 30


async def test_a_group_is_told_alike_of_a_patient_elsewhere_and_of_nobody(ward: Hospital) -> None:
    code = await busy(ward)
    chat, nurse, far = ward.chat(Team.GREFFE, "MPL"), ward.who(Team.COORDINATION), "TLS-7K4Z"
    assert code != far

    for said in ("/statut {}", "/historique {}", "/alerte {}", "où en est {} ?"):
        heard = []
        for each in (code, code.partition("-")[2], far, "7K4Z"):
            before = len(ward.transport.sent)
            await ward.say(nurse, said.format(each), chat)
            heard.append(shown_in(ward, chat, before))
        if said.startswith("/alerte"):
            heard = [each for each in heard if "sent_elsewhere" not in each]
        assert len(set(heard)) == 1


async def test_a_refusal_is_the_same_whether_it_is_planned_done_or_nobodys(
    ward: Hospital,
) -> None:
    code = await busy(ward)
    other = "TLS-7K4Z" if code != "TLS-7K4Z" else "TLS-2223"
    far, buttons = ward.who(Team.GREFFE, "MPL"), pressed(ward, code)

    async def refusals(data: dict[str, str]) -> list[str]:
        return [ward.popup(await ward.tap(far, far.id, ANY, each)) for each in data.values()]

    planned = await refusals(buttons)
    with ward.change(code) as record:
        for alert in record.running_alerts():
            alert.state, alert.next_at = "closed", None
        step = record.steps["sortie"]
        step.state, step.done_at, step.next_at = StepState.DONE.value, record.now, None
        for each in record.open_demands():
            each.state, each.next_at = "answered", None
        for check in record.unanswered():
            check.state, check.next_at = "ras", None
    done = await refusals(buttons)
    absent = await refusals({name: data.replace(code, other) for name, data in buttons.items()})

    assert planned == done == absent


@pytest.mark.parametrize(
    "said",
    ["/statut {code}", "/toxicite {code}", "/alerte {code}", "où en est {code} ?",
     "sortie faite {code}", "fièvre chez {code}", "{code}"],
)  # fmt: skip
async def test_a_patient_of_another_centre_is_neither_named_nor_denied(
    ward: Hospital, said: str
) -> None:
    code = await busy(ward)
    far, nobody = ward.who(Team.GREFFE, "MPL"), "TLS-7K4Z"
    assert code != nobody

    answers = []
    for each in (code, nobody):
        await ward.say(far, said.format(code=each))
        answers.append(ward.last(far).replace(each, "…"))

    assert answers[0] == answers[1]
    assert len(ward.alerts(code)) == 1


async def test_lists_in_a_group_hold_no_patient_of_another_centre(ward: Hospital) -> None:
    here = await busy(ward)
    there = ward.chat(Team.GREFFE, "MPL")
    elsewhere = await ward.enrol("01/06/2026", "06/07/2026", centre="MPL")

    with ward.heard(there) as heard:
        for person in (ward.who(Team.GREFFE), ward.who(Team.COORDINATION)):
            for said in ("/statut", "/afaire", "/alerte", "/toxicite", "quoi à faire ?"):
                await ward.say(person, said, there)
            for page in ("status:page:0", "todo:page:0", "choose:page:alert:0"):
                await ward.tap(person, there, 0, page)

    assert "edge.in_private" in heard
    assert any(elsewhere in said for said in heard)
    assert [said for said in heard if here in said] == []


async def test_a_report_of_another_centres_patient_is_not_given_up(ward: Hospital) -> None:
    """Defect 10."""
    code = await busy(ward)
    far = ward.who(Team.GREFFE, "MPL")
    [line] = ward.record(code).checks

    for which in ("0", line):
        sent = len(ward.transport.sent)
        query = await ward.tap(far, far.id, ANY, f"report:cancel:{code}:{which}")
        assert ward.popup(query) == "button.stale"
        assert code not in sent_since(ward, sent)


@pytest.mark.parametrize("slug", ["injection", "sortie"])
async def test_a_step_refuses_before_it_says_that_it_is_done(ward: Hospital, slug: str) -> None:
    """Defect 10: opened, asked and offered, done or not, it says whose it is and no more."""
    code = await busy(ward)
    efs = ward.who(Team.EFS)

    for verb in ("done", "confirm", "undo", "problem", "move", "skip", "waive"):
        said = ward.popup(await ward.tap(efs, efs.id, ANY, f"step:{verb}:{code}:{slug}"))
        assert said == "step.other_team centre=TLS team=greffe"


async def test_a_relay_refuses_before_it_says_that_it_was_read_back(ward: Hospital) -> None:
    """Defect 10."""
    code = await busy(ward)
    [key, *_] = (k for k, it in ward.record(code).relays.items() if it.state == "accepted")
    efs = ward.who(Team.EFS)

    for data in (f"relay:receive:{code}:{key}", f"relay:answer:{code}:{key}:2"):
        said = ward.popup(await ward.tap(efs, efs.id, ANY, data))
        assert said.startswith("relay.other_team")


@pytest.mark.parametrize("team", [Team.EFS, Team.NEUROLOGIE])
async def test_who_must_not_take_an_alert_says_nothing_of_it_and_does_not_close_it(
    ward: Hospital, team: Team
) -> None:
    code = await busy(ward)
    await ward.take(Team.REANIMATION)
    who, before = ward.who(team), dump(ward, code)

    said = {
        name: ward.popup(await ward.tap(who, who.id, ANY, f"alert:{name}:{code}:1:{value}"))
        for name, value in (("grade", "4"), ("sign", "icans"), ("outcome", "stable"))
    }

    assert {name: each.split()[0] for name, each in said.items()} == {
        "grade": "grade.other_team",
        "sign": "grade.other_team",
        "outcome": "alert.other_team",
    }
    assert dump(ward, code) == before


async def test_the_efs_answers_no_check_of_the_unit(ward: Hospital) -> None:
    """Defect 11."""
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")

    said = await ward.ras(Team.EFS, code)

    assert said.startswith("check.other_team")
    assert len(ward.record(code).unanswered()) == 1
    assert await ward.ras(Team.GREFFE, code) == ""


async def test_the_efs_settles_no_alert(ward: Hospital) -> None:
    """Defect 11."""
    code = await busy(ward)
    await ward.take(Team.REANIMATION)
    efs = ward.who(Team.EFS)

    said = ward.popup(await ward.tap(efs, efs.id, ANY, f"alert:outcome:{code}:1:resolue"))

    assert said.startswith("alert.other_team")
    assert ward.alerts(code)[0].state == "taken"
