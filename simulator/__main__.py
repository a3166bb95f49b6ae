"""The command line: `python -m simulator`."""

import argparse
import asyncio
import errno
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator import replay
from simulator.app import Simulator, build
from simulator.errors import Misuse
from simulator.ground import Options
from simulator.replay import Recording, again
from simulator.server import Server, bind, free_port, taken
from simulator.stories import storyboard
from simulator.stories.runner import Storyboards
from simulator.stories.storyboard import FOLDER
from simulator.world import cast
from simulator.world.bot_process import BotCommand
from simulator.world.lockstep import Stalled

REASONS = {
    errno.EACCES: "la permission est refusée",
    errno.EADDRNOTAVAIL: "cette machine n’a pas cette adresse",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the simulator; a fault at start is one French sentence."""
    args = _parser().parse_args(arguments)
    try:
        recording = replay.read(args.replay) if args.replay else None
        options = _options(args, recording)
        listener = bind(args.host, args.port)
    except Misuse as misuse:
        return _fail(str(misuse))
    except OSError as error:
        return _fail(_port_sentence(args, error))
    except OverflowError:
        return _fail(f"Un port va de 0 à 65535, pas {args.port}.")
    return _serve(build(options), listener, args.host, recording)


def _serve(app: Simulator, listener: socket.socket, host: str, recording: Recording | None) -> int:
    server = Server(app)
    url = app.ground.bot_process.url = f"http://{host}:{listener.getsockname()[1]}"
    sys.stdout.write(f"Simulateur prêt : {url}\n")
    sys.stdout.flush()
    if recording is None:
        server.run(sockets=[listener])
        return 0
    found = asyncio.run(_replay(app, server, listener, recording))
    sys.stdout.write("\n".join(found or ["Le bot a répondu comme la première fois."]) + "\n")
    return 1 if found else 0


async def _replay(
    app: Simulator, server: Server, listener: socket.socket, recording: Recording
) -> list[str]:
    """Serve while the recording is played, then end."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        return await again(app.ground, recording)
    except (Misuse, Stalled) as error:
        return [str(error)]
    finally:
        server.should_exit = True
        app.ground.changes.close()
        await serving


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("simulator", description="Un Telegram local et strict.")
    parser.add_argument("--port", type=int, default=8765)
    # Whoever started it by another command has to repeat that one.
    parser.add_argument("--port-hint", default="--port ", help=argparse.SUPPRESS)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--start", help="instant de départ, ISO 8601 avec fuseau")
    parser.add_argument("--paused", action="store_true", help="horloge arrêtée au départ")
    parser.add_argument("--zone", default="Europe/Paris", help="fuseau affiché")
    parser.add_argument("--cast", type=Path, help="fichier TOML des personnes et groupes")
    parser.add_argument("--token", action="append", default=[], help="jeton accepté")
    parser.add_argument("--bot-health", default="", help="adresse du /healthz du bot")
    parser.add_argument("--bot-command", default="", help="lance et surveille le bot")
    parser.add_argument(
        "--bot-env",
        action="append",
        default=[],
        metavar="NOM=VALEUR",
        help="réglage du bot ; {url} et {folder} sont remplacés",
    )
    parser.add_argument("--stories", type=Path, default=FOLDER, help="dossier des scénarios")
    parser.add_argument("--story", default="", help="scénario qui commence tout de suite")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NOM=VALEUR", help="{NOM} des scénarios"
    )
    parser.add_argument("--record", type=Path, help="écrit tout ce qui se passe")
    parser.add_argument("--replay", type=Path, help="rejoue un enregistrement, puis finit")
    parser.add_argument("--self-check", action="store_true", help="valide chaque réponse")
    return parser


def _options(args: argparse.Namespace, recording: Recording | None) -> Options:
    storyboards = Storyboards(args.stories, _pairs("--set", args.set))
    if args.story:
        storyboard.load(args.story, args.stories)
    return Options(
        start=recording.start if recording else _start(args.start),
        tokens=tuple(args.token),
        paused=args.paused or recording is not None,
        self_check=args.self_check,
        cast=_cast(args, recording),
        zone=args.zone,
        bot=BotCommand(args.bot_command, _pairs("--bot-env", args.bot_env)),
        bot_health=args.bot_health,
        storyboards=storyboards,
        record=args.record,
        story=args.story,
    )


def _cast(args: argparse.Namespace, recording: Recording | None) -> dict[str, Any]:
    if recording:
        return recording.cast
    return cast.read(args.cast) if args.cast else {}


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    wrong = [pair for pair in given if "=" not in pair]
    if wrong:
        raise Misuse(f"{option} : « {wrong[0]} » n’est pas de la forme NOM=VALEUR.")
    return dict(pair.split("=", 1) for pair in given)


def _start(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise Misuse(f"--start : « {text} » n’est pas une date ISO 8601.") from None
    return start if start.tzinfo else start.astimezone()


def _port_sentence(args: argparse.Namespace, error: OSError) -> str:
    if not taken(error):
        return f"Impossible d’ouvrir {args.host}:{args.port} : {_reason(error)}."
    free = free_port(args.host, args.port)
    advice = f" ; essayez {args.port_hint}{free}." if free else "."
    return f"Le port {args.port} est déjà utilisé{advice}"


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "cette adresse est inconnue"
    return REASONS.get(error.errno or 0, str(error.strerror))


def _fail(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
