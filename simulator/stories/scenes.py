"""Does the scenes that nobody has to play: people act, the clock goes on, things break."""

from collections.abc import Awaitable, Callable

from simulator.errors import Misuse
from simulator.stories.finder import Finder, quoted
from simulator.stories.stage import Stage
from simulator.stories.storyboard import Scene, span
from simulator.world import actions

# Real seconds for the bot to take and say what follows from a scene.
PATIENCE = 20.0
# A button pressed more often than this does nothing.
MOST_PRESSES = 40
# How far `until` looks ahead, unless the scene says otherwise.
FAR = "40 d"


WORDS = {
    "say": "{who} écrit {what}{where}",
    "press": "{who} touche {what}{where}",
    "keep": "{who} touche {what}{where} chaque fois que la question vient",
    "start": "{who} ouvre le bot",
    "send": "{who} envoie un fichier{where}",
    "expect": "le bot dit {what}{where}",
    "await": "le bot dit {what}{where}",
    "until": "le bot dit {what}{where}",
    "block": "un téléphone bloque le bot",
    "unblock": "un téléphone débloque le bot",
    "migrate": "un groupe devient un supergroupe",
    "advance": "l’horloge avance",
    "at": "l’horloge avance",
    "speed": "l’horloge change de vitesse",
    "bot": "le bot s’arrête ou repart",
    "fault": "une panne commence",
    "clear": "les pannes sont levées",
    "floods": "les limites d’envoi changent",
}


class Scenes:
    """One method for each verb of a storyboard, but `note` and `task`."""

    def __init__(self, stage: Stage, finder: Finder) -> None:
        self._stage, self._finder = stage, finder
        self._verbs: dict[str, Callable[[Scene], Awaitable[None]]] = {
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
        }

    async def do(self, scene: Scene) -> None:
        """Play a scene to its end; Misuse when it cannot take place."""
        await self._verbs[scene.verb](scene)

    async def quiet(self) -> None:
        """Let the bot take everything and say all it has to say."""
        await self._stage.lockstep.quiet(PATIENCE)

    def told(self, scene: Scene) -> str:
        """What a scene does, in words, for the debrief."""
        wanted = scene.get(scene.verb)
        labels = wanted if isinstance(wanted, list) else [str(wanted)]
        what = ", ".join(quoted(self._finder.text(each)) for each in labels)
        where = f" dans {quoted(self._finder.title(scene))}" if scene.get("in") else ""
        return WORDS[scene.verb].format(who=self._finder.who(scene).name, what=what, where=where)

    async def _say(self, scene: Scene) -> None:
        person, chat = self._finder.who(scene), self._finder.where(scene)
        reply = None
        if scene.get("reply"):
            reply = self._finder.last(chat, scene.get("reply")).id
        actions.say(self._stage.world, person, chat, self._finder.text(scene.get("say")), reply)
        await self.quiet()

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
            if not self._finder.holds(self._finder.where(scene), label):
                return
            await self._press_one(scene, label)
        raise Misuse(f"le bouton {quoted(label)} revient toujours")

    async def _press_one(self, scene: Scene, label: str) -> None:
        message, data = self._finder.button(self._finder.where(scene), label)
        actions.press(self._stage.world, self._finder.who(scene), message, data=data)
        await self.quiet()

    async def _start(self, scene: Scene) -> None:
        payload = self._finder.text(scene.get("start")).rpartition("start=")[2]
        actions.start(self._stage.world, self._finder.who(scene), payload)
        await self.quiet()

    async def _send(self, scene: Scene) -> None:
        self._stage.send(self._finder.who(scene), self._finder.where(scene), scene.get("send"))
        await self.quiet()

    async def _block(self, scene: Scene) -> None:
        act = actions.block if scene.verb == "block" else actions.unblock
        act(self._stage.world, self._stage.person(scene.get(scene.verb)))
        await self.quiet()

    async def _migrate(self, scene: Scene) -> None:
        actions.migrate(self._stage.world, self._stage.chat(scene.get("migrate")))
        await self.quiet()

    async def _bot(self, scene: Scene) -> None:
        await self._stage.bot(scene.get("bot"))

    async def _expect(self, scene: Scene) -> None:
        """A message of the bot that must be there; named groups become values."""
        chat = self._finder.where(scene)
        message = self._finder.find(chat, scene.get("expect"))
        if message is None:
            raise Misuse(f"le bot n’a pas dit {quoted(scene.get('expect'))}")

    async def _await(self, scene: Scene) -> None:
        """Give the bot real seconds to say something: a network's retries are not simulated."""
        chat = self._finder.where(scene)

        def said() -> bool:
            return self._finder.find(chat, scene.get("await")) is not None

        seconds = span(scene.get("most", "90 s")).total_seconds()
        if not await self._stage.changes.until(said, seconds):
            raise Misuse(f"le bot n’a jamais dit {quoted(scene.get('await'))}")
        await self.quiet()

    async def _advance(self, scene: Scene) -> None:
        await self._stage.lockstep.advance(self._stage.now() + span(scene.get("advance")))

    async def _at(self, scene: Scene) -> None:
        """Go to an hour of the day: « 22:30 », or « +3 22:30 » days later."""
        await self._stage.lockstep.advance(self._stage.moment(scene.get("at")))

    async def _until(self, scene: Scene) -> None:
        """Go from event to event until the bot says something."""
        chat, end = self._finder.where(scene), self._stage.now() + span(scene.get("most", FAR))
        while self._finder.find(chat, scene.get("until")) is None:
            due = self._stage.lockstep.follower.next
            if due is None or due > end:
                raise Misuse(f"le bot n’a jamais dit {quoted(scene.get('until'))}")
            await self._stage.lockstep.advance(max(due, self._stage.now()))

    async def _keep(self, scene: Scene) -> None:
        """Until a moment, press a button each time that it comes."""
        end = self._stage.moment(scene.get("to"))
        while self._stage.now() < end:
            due = self._stage.lockstep.follower.next or end
            await self._stage.lockstep.advance(min(max(due, self._stage.now()), end))
            await self._press_all(scene, scene.get("keep"))

    async def _speed(self, scene: Scene) -> None:
        self._stage.lockstep.play(scene.get("speed"))

    async def _fault(self, scene: Scene) -> None:
        self._stage.fault(scene.get("fault"))

    async def _clear(self, _: Scene) -> None:
        self._stage.clear()

    async def _floods(self, scene: Scene) -> None:
        self._stage.floods(scene.get("floods"))
