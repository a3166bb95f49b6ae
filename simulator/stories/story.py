"""Plays a storyboard: does what is done for you, waits for what you must do, then debriefs."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import Misuse
from simulator.stories.finder import Finder, plain, quoted
from simulator.stories.scenes import PATIENCE, Scenes
from simulator.stories.stage import Stage
from simulator.stories.storyboard import Scene, Storyboard, span
from simulator.stories.task import Task
from simulator.world.lockstep import Stalled

State = dict[str, Any]


@dataclass
class Progress:
    """Where the story is."""

    phase: str = "prologue"
    at: int = 0
    note: str = ""
    trouble: str = ""
    tasks: list[Task] = field(default_factory=list)
    # Scenes that did not take place, in words, with the reason.
    passed: list[str] = field(default_factory=list)


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
        self.scenes = Scenes(stage, self.finder)
        self.began_at = stage.now()
        # A scene that does nothing but wait, while it does.
        self._waits: asyncio.Task[None] | None = None
        self._helped = self._skipped = False
        self._did: list[tuple[str, int, int, str]] = []

    async def play(self) -> None:
        """From the first scene to the debrief; only a bot that does not follow ends it before."""
        self.began_at = self.stage.now()
        try:
            for number, scene in enumerate(self.board.scenes):
                self._enter(number)
                await self._play(scene)
            self.progress.phase = "debrief"
        except (Misuse, Stalled) as error:
            self.progress.phase = "broken"
            self.progress.trouble = f"scène {self.progress.at + 1}\N{NO-BREAK SPACE}: {error}"
        self.stage.lockstep.play(0)
        self._tell()

    def help(self) -> None:
        """Do the present task for the learner."""
        self._helped = True
        self.stage.changes.notify()

    def skip(self) -> None:
        """Go on: to the end of the present task, or of a wait for the bot to speak.

        Any other scene takes place all the same: what is asked later lives on what it does.
        """
        if self.progress.phase == "playing" and self._waits:
            self._waits.cancel()
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
            "debrief": self._debrief() if progress.phase in ("debrief", "broken") else None,
        }

    # Scenes

    async def _play(self, scene: Scene) -> None:
        if scene.verb == "note":
            self.progress.note = self.finder.text(scene.get("note"))
            self._tell()
        elif scene.verb == "task":
            await self._task(scene)
        else:
            await self._watch(scene)

    async def _watch(self, scene: Scene) -> None:
        """A scene that is done for the learner; past the prologue, what fails is passed over."""
        doing = asyncio.create_task(self.scenes.do(scene))
        self._waits = doing if scene.verb == "await" else None
        try:
            await asyncio.wait([doing])
        finally:
            doing.cancel()
            self._waits = None
        if doing.cancelled():
            self._pass_over(self.scenes.told(scene), "passé")
        elif error := doing.exception():
            if self.progress.phase == "prologue" or not isinstance(error, Misuse):
                raise error
            self._pass_over(self.scenes.told(scene), str(error))

    def _pass_over(self, what: str, why: str) -> None:
        self.progress.passed.append(f"{what} ({why})")
        self._tell()

    # Tasks

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
        if not await self._can_be_done(scene):
            self._impossible(scene, task)
            return
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
        if task.status != "done":
            await self._act_for(scene, task)
        await self.scenes.quiet()
        self._tell()

    async def _can_be_done(self, scene: Scene) -> bool:
        """Whether there is something to press; a network's retries may still bring it."""
        chat, labels = self.finder.where(scene), _labels(scene)

        def there() -> bool:
            return any(self.finder.offers(chat, label) for label in labels)

        return scene.get("press") is None or await self.stage.changes.until(there, PATIENCE)

    def _impossible(self, scene: Scene, task: Task) -> None:
        """Nobody could do it: say so, go on, and count it apart."""
        task.status = "impossible"
        self.progress.tasks.append(task)
        missing = quoted(_labels(scene)[0]), quoted(self.finder.title(scene))
        why = "il n’y a pas de bouton {} dans {}".format(*missing)
        self.progress.note = (
            f"Impossible, car {why}\N{NO-BREAK SPACE}: {quoted(task.text)}. "
            "Le scénario continue sans cette tâche."
        )
        self._pass_over(task.text, why)

    async def _outcome(self, scene: Scene, task: Task, begun: int) -> str:
        """done, helped, skipped or late."""

        def done() -> bool:
            return any(self._matches(scene, task, did) for did in self._did[begun:])

        def over() -> bool:
            return done() or self._helped or self._skipped or self.stage.changes.closing

        while not (over() or task.overdue(self.stage.now())):
            # The running clock tells nobody: look again from time to time.
            await self.stage.changes.until(over, 0.5)
        if done():
            return "done"
        if self._helped:
            return "helped"
        return "late" if task.overdue(self.stage.now()) else "skipped"

    async def _act_for(self, scene: Scene, task: Task) -> None:
        """Do a task as its file shows it: `show` when more than one act is needed."""
        verb = next(verb for verb in ("press", "say", "start") if scene.get(verb))
        wanted = scene.get("show", scene.get(verb))
        if verb == "press" and not isinstance(wanted, str):
            wanted = self._still_to_press(scene, wanted)
        try:
            await self.scenes.do(Scene(verb, {**scene.fields, verb: wanted}))
            task.instead = task.missed
        except Misuse as error:
            # Nothing was shown.
            if task.status == "helped":
                task.status = "impossible"
            self._pass_over(task.text, str(error))

    def _still_to_press(self, scene: Scene, labels: list[str]) -> list[str]:
        """The labels without the first, when the learner has pressed it already."""
        begun = self.finder.holds(self.finder.where(scene), labels[-1])
        return labels[1:] if begun and len(labels) > 1 else labels

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
        tasks = self.progress.tasks
        return {
            "began": self.began_at.isoformat(),
            "ended": self.stage.now().isoformat(),
            "tasks": [task.drawn() for task in tasks],
            "done": sum(task.status == "done" for task in tasks),
            "missed": [task.text for task in tasks if task.missed],
            "impossible": [task.text for task in tasks if task.status == "impossible"],
            "passed": self.progress.passed,
            "learn": self.board.learn,
            "figures": self.stage.figures(),
        }

    def _enter(self, number: int) -> None:
        self.progress.at = number
        if number == self.board.prologue:
            self.progress.phase = "playing"
            self.began_at = self.stage.now()
        self._tell()


def _labels(scene: Scene) -> list[str]:
    """The buttons of a task, in the order in which they are pressed."""
    wanted = scene.get("show", scene.get("press"))
    return [wanted] if isinstance(wanted, str) else wanted


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
