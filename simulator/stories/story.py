"""Plays a storyboard: does what is done for you, waits for what you must do, then debriefs."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator.errors import Misuse
from simulator.stories.finder import Finder, plain
from simulator.stories.stage import Stage
from simulator.stories.storyboard import Scene, Storyboard, span
from simulator.world import actions
from simulator.world.lockstep import Stalled
from simulator.world.people import Person

State = dict[str, Any]

PATIENCE = 20.0
# A button pressed more often than this does nothing.
MOST_PRESSES = 40
# How far `until` looks ahead, unless the scene says otherwise.
FAR = "40 d"


@dataclass
class Task:
    """What the learner has to do, and how it went."""

    text: str
    person: Person
    hint: str
    began_at: datetime
    began: float
    limit: timedelta | None
    status: str = "waiting"
    took: timedelta = timedelta(0)
    took_real: float = 0.0

    def drawn(self) -> State:
        return {
            "text": self.text,
            "person": self.person.id,
            "who": self.person.name,
            "hint": self.hint,
            "status": self.status,
            "took_s": round(self.took.total_seconds()),
            "took_real_s": round(self.took_real, 1),
        }


@dataclass
class Progress:
    """Where the story is."""

    phase: str = "prologue"
    at: int = 0
    note: str = ""
    trouble: str = ""
    tasks: list[Task] = field(default_factory=list)


class Story:
    """One storyboard being played."""

    def __init__(
        self,
        board: Storyboard,
        stage: Stage,
        tell: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.board, self.stage, self._tell, self._monotonic = board, stage, tell, monotonic
        self.progress = Progress()
        self.finder = Finder(stage, board.you)
        self.began_at = stage.now()
        self._helped = self._skipped = False
        self._did: list[tuple[str, int, int, str]] = []
        self._verbs: dict[str, Callable[[Scene], Awaitable[None]]] = {
            "note": self._note,
            "say": self._say,
            "press": self._press,
            "start": self._start,
            "send": self._send,
            "block": self._block,
            "unblock": self._block,
            "migrate": self._migrate,
            "bot": self._bot,
            "expect": self._expect,
            "await": self._await,
            "advance": self._advance,
            "until": self._until,
            "at": self._at,
            "keep": self._keep,
            "speed": self._speed,
            "fault": self._fault,
            "clear": self._clear,
            "floods": self._floods,
            "task": self._task,
        }

    async def play(self) -> None:
        """From the first scene to the debrief; a scene that fails ends the story."""
        self.began_at = self.stage.now()
        try:
            for number, scene in enumerate(self.board.scenes):
                self._enter(number)
                await self._verbs[scene.verb](scene)
            self.progress.phase = "debrief"
        except (Misuse, Stalled) as error:
            self.progress.phase = "broken"
            self.progress.trouble = f"scene {self.progress.at + 1}: {error}"
        self.stage.lockstep.play(0)
        self._tell()

    def help(self) -> None:
        """Do the present task for the learner."""
        self._helped = True
        self.stage.changes.notify()

    def skip(self) -> None:
        """Leave the present task undone."""
        self._skipped = True
        self.stage.changes.notify()

    def note_event(self, kind: str, facts: dict[str, Any]) -> None:
        """Every change of the world passes here; what people do is remembered."""
        if kind == "tap":
            tap = self.stage.world.taps[facts["tap"]]
            labels = [
                button["text"]
                for button in tap.message.buttons
                if button.get("callback_data") == tap.data
            ]
            for label in labels:
                self._did.append(("press", tap.person.id, tap.message.chat.id, label))
        if kind == "message":
            message = self.stage.world.chats[facts["chat"]].messages[facts["message"]]
            if not message.sender.is_bot:
                text = message.content.get("text", "")
                self._did.append(("say", message.sender.id, message.chat.id, text))

    def state(self) -> State:
        """For the page."""
        progress = self.progress
        return self.board.drawn() | {
            "phase": progress.phase,
            "scene": progress.at + 1,
            "scenes": len(self.board.scenes),
            "note": progress.note,
            "trouble": progress.trouble,
            "tasks": [task.drawn() for task in progress.tasks],
            "debrief": self._debrief() if progress.phase == "debrief" else None,
        }

    # Scenes that are done for you

    async def _note(self, scene: Scene) -> None:
        self.progress.note = self.finder.text(scene.get("note"))
        self._tell()

    async def _say(self, scene: Scene) -> None:
        person, chat = self.finder.who(scene), self.finder.where(scene)
        reply = None
        if scene.get("reply"):
            reply = self.finder.last(chat, scene.get("reply")).id
        actions.say(self.stage.world, person, chat, self.finder.text(scene.get("say")), reply)
        await self._quiet()

    async def _press(self, scene: Scene) -> None:
        """Press a button, or several in turn; « ☐* » presses until none is left."""
        labels = scene.get("press")
        for label in [labels] if isinstance(labels, str) else labels:
            if label.endswith("*"):
                await self._press_all(scene, label[:-1])
            else:
                await self._press_one(scene, label)

    async def _press_all(self, scene: Scene, label: str) -> None:
        for _ in range(MOST_PRESSES):
            if not self.finder.holds(self.finder.where(scene), label):
                return
            await self._press_one(scene, label)
        raise Misuse(f"the button {label!r} never goes away")

    async def _press_one(self, scene: Scene, label: str) -> None:
        message, data = self.finder.button(self.finder.where(scene), label)
        actions.press(self.stage.world, self.finder.who(scene), message, data=data)
        await self._quiet()

    async def _start(self, scene: Scene) -> None:
        payload = self.finder.text(scene.get("start")).rpartition("start=")[2]
        actions.start(self.stage.world, self.finder.who(scene), payload)
        await self._quiet()

    async def _send(self, scene: Scene) -> None:
        self.stage.send(self.finder.who(scene), self.finder.where(scene), scene.get("send"))
        await self._quiet()

    async def _block(self, scene: Scene) -> None:
        act = actions.block if scene.verb == "block" else actions.unblock
        act(self.stage.world, self.stage.person(scene.get(scene.verb)))
        await self._quiet()

    async def _migrate(self, scene: Scene) -> None:
        actions.migrate(self.stage.world, self.stage.chat(scene.get("migrate")))
        await self._quiet()

    async def _bot(self, scene: Scene) -> None:
        await self.stage.bot(scene.get("bot"))

    async def _expect(self, scene: Scene) -> None:
        """A message of the bot that must be there; named groups become values."""
        chat = self.finder.where(scene)
        message = self.finder.find(chat, scene.get("expect"))
        if message is None:
            raise Misuse(f"the bot has not said {scene.get('expect')!r}")

    async def _await(self, scene: Scene) -> None:
        """Give the bot real seconds to say something: a network's retries are not simulated."""
        chat = self.finder.where(scene)

        def said() -> bool:
            return self.finder.find(chat, scene.get("await")) is not None

        seconds = span(scene.get("most", "90 s")).total_seconds()
        if not await self.stage.changes.until(said, seconds):
            raise Misuse(f"the bot never said {scene.get('await')!r}")
        await self._quiet()

    async def _advance(self, scene: Scene) -> None:
        await self.stage.lockstep.advance(self.stage.now() + span(scene.get("advance")))

    async def _at(self, scene: Scene) -> None:
        """Go to an hour of the day: « 22:30 », or « +3 22:30 » days later."""
        await self.stage.lockstep.advance(self.stage.moment(scene.get("at")))

    async def _until(self, scene: Scene) -> None:
        """Go from event to event until the bot says something."""
        chat, end = self.finder.where(scene), self.stage.now() + span(scene.get("most", FAR))
        while self.finder.find(chat, scene.get("until")) is None:
            due = self.stage.lockstep.follower.next
            if due is None or due > end:
                raise Misuse(f"the bot never said {scene.get('until')!r}")
            await self.stage.lockstep.advance(max(due, self.stage.now()))

    async def _keep(self, scene: Scene) -> None:
        """Until a moment, press a button each time that it comes."""
        end = self.stage.moment(scene.get("to"))
        while self.stage.now() < end:
            due = self.stage.lockstep.follower.next or end
            await self.stage.lockstep.advance(min(max(due, self.stage.now()), end))
            await self._press_all(scene, scene.get("keep"))

    async def _speed(self, scene: Scene) -> None:
        self.stage.lockstep.play(scene.get("speed"))

    async def _fault(self, scene: Scene) -> None:
        self.stage.fault(scene.get("fault"))

    async def _clear(self, _: Scene) -> None:
        self.stage.clear()

    async def _floods(self, scene: Scene) -> None:
        self.stage.floods(scene.get("floods"))

    # Scenes that you play

    async def _task(self, scene: Scene) -> None:
        limit = scene.get("within")
        task = Task(
            self.finder.text(scene.get("task")),
            self.finder.who(scene),
            self.finder.text(scene.get("hint", "")),
            self.stage.now(),
            self._monotonic(),
            span(limit) if limit else None,
        )
        self.progress.phase = "task"
        self.progress.tasks.append(task)
        self._helped = self._skipped = False
        begun = len(self._did)
        self._tell()
        self.stage.lockstep.play(scene.get("pace", 1))
        task.status = await self._outcome(scene, task, begun)
        task.took = self.stage.now() - task.began_at
        task.took_real = self._monotonic() - task.began
        self.stage.lockstep.play(0)
        self.progress.phase = "playing"
        await self._quiet()
        self._tell()

    async def _outcome(self, scene: Scene, task: Task, begun: int) -> str:
        """done, helped, skipped or late."""

        def late() -> bool:
            return task.limit is not None and self.stage.now() - task.began_at > task.limit

        def done() -> bool:
            return any(self._matches(scene, task, did) for did in self._did[begun:])

        while not (done() or late() or self._helped or self._skipped):
            # The running clock rings no changes: look again from time to time.
            await self.stage.changes.until(
                lambda: done() or self._helped or self._skipped or self.stage.changes.closing, 0.5
            )
            if self.stage.changes.closing:
                return "skipped"
        if done():
            return "done"
        if self._helped:
            await self._act_for(scene)
            return "helped"
        return "skipped" if self._skipped else "late"

    async def _act_for(self, scene: Scene) -> None:
        """Do a task as its file shows it: `show` when more than one act is needed."""
        verb = next(verb for verb in ("press", "say", "start") if scene.get(verb))
        shown = {**scene.fields, verb: scene.get("show", scene.get(verb))}
        await self._verbs[verb](Scene(verb, shown))

    def _matches(self, scene: Scene, task: Task, did: tuple[str, int, int, str]) -> bool:
        verb, person, chat, what = did
        wanted = scene.get(verb)
        if wanted is None or person != task.person.id:
            return False
        if not scene.get("anywhere") and chat != self.finder.where(scene).id:
            return False
        return re.search(self.finder.pattern(wanted), plain(what), re.IGNORECASE) is not None

    # The end

    def _debrief(self) -> State:
        tasks = [task.drawn() for task in self.progress.tasks]
        return {
            "began": self.began_at.isoformat(),
            "ended": self.stage.now().isoformat(),
            "tasks": tasks,
            "done": sum(task["status"] == "done" for task in tasks),
            "missed": [task["text"] for task in tasks if task["status"] in ("late", "skipped")],
            "learn": self.board.learn,
            "figures": self.stage.figures(),
        }

    def _enter(self, number: int) -> None:
        self.progress.at = number
        if number == self.board.prologue:
            self.progress.phase = "playing"
            self.began_at = self.stage.now()
        self._tell()

    async def _quiet(self) -> None:
        await self.stage.lockstep.quiet(PATIENCE)


async def play(story: Story) -> None:
    """Play and be told of everything that people do meanwhile."""
    listeners = story.stage.world.listeners
    listeners.append(story.note_event)
    try:
        await story.play()
    except asyncio.CancelledError:
        story.stage.lockstep.play(0)
        raise
    finally:
        listeners.remove(story.note_event)
