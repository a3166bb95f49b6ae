"""From a tap to its answer, through real processes; a bare PTB bot beside it, in the same run."""

import sys
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from telegram import Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes

from simulator.client import Client
from tests.end_to_end.programs import CAST, TOKEN, Program, bot, settings, simulator
from tests.end_to_end.town import NURSE, Town

TAPS = 150
START = "2026-03-09T10:00+01:00"


def main() -> None:
    with (
        TemporaryDirectory() as folder,
        simulator(Path(folder), START, "--cast", str(CAST)) as url,
    ):
        town = Town(Client(url))
        with bot(settings(url, Path(folder)), Path(folder)):
            town.client.until_quiet()
            town.gather()
            town.enrol("yescarta apherese 23/03/2026 j0 27/04/2026 centre TLS")
            ours = _taps(town, _checklist(town))
        with Program(Path(folder), {}, "bench.tap", url):
            bare = _taps(town, ["echo"])
    _print("Relais CAR-T, committed", ours)
    _print("bare PTB, kept nowhere", bare)
    sys.stdout.write(f"ratio of the medians: {ours[49] / bare[49]:.1f}\n")


def _checklist(town: Town) -> list[str]:
    """Two buttons that undo each other: a point of a checklist ticked, and cleared."""
    card = town.newest(NURSE, "Fait")
    done = next(key["callback_data"] for row in card["keyboard"] for key in row)
    step = done.split(":")[2]
    return [f"step:set:{step}:0:1", f"step:clear:{step}:0"]


def _taps(town: Town, data: list[str]) -> list[float]:
    """Milliseconds from each tap to its answer, as percentiles."""
    message = town.messages(NURSE)[-1]["id"]
    took = []
    for n in range(TAPS):
        began = perf_counter()
        what = data[n % len(data)]
        tap = town.client.press(NURSE, message=message, data=what, stale=True, wait=20)
        assert tap["answer"] is not None
        took.append(1000 * (perf_counter() - began))
    return quantiles(took[10:], n=100)


def _print(what: str, percentiles: list[float]) -> None:
    sys.stdout.write(
        f"tap to answer, {what}: median {percentiles[49]:.0f} ms, 99 in 100 within"
        f" {percentiles[98]:.0f} ms   python -m bench.tap\n"
    )


def echo(url: str) -> None:
    """The least that a PTB bot can do with a tap."""

    async def answer(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer()

    application = Application.builder().token(TOKEN).base_url(f"{url}/bot").build()
    application.add_handler(CallbackQueryHandler(answer))
    application.run_polling()


if __name__ == "__main__":
    echo(sys.argv[1]) if len(sys.argv) > 1 else main()
