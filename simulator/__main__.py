"""The command line: `python -m simulator`."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from simulator import cast
from simulator.app import build
from simulator.errors import Misuse
from simulator.house import Options
from simulator.server import Server, bind, free_port, taken


def main(arguments: list[str] | None = None) -> int:
    """Run the simulator; a fault at start is one French sentence."""
    args = _parser().parse_args(arguments)
    try:
        options = _options(args)
        listener = bind(args.host, args.port)
    except Misuse as misuse:
        return _fail(str(misuse))
    except OSError as error:
        return _fail(_port_sentence(args.host, args.port, error))
    port = listener.getsockname()[1]
    sys.stdout.write(f"Simulateur prêt : http://{args.host}:{port}\n")
    sys.stdout.flush()
    Server(build(options)).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("simulator", description="Un Telegram local et strict.")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--start", help="instant de départ, ISO 8601 avec fuseau")
    parser.add_argument("--paused", action="store_true", help="horloge arrêtée au départ")
    parser.add_argument("--cast", type=Path, help="fichier TOML des personnes et groupes")
    parser.add_argument("--token", action="append", default=[], help="jeton accepté")
    parser.add_argument("--bot-health", default="", help="adresse du /healthz du bot")
    parser.add_argument("--self-check", action="store_true", help="valide chaque réponse")
    return parser


def _options(args: argparse.Namespace) -> Options:
    return Options(
        start=_start(args.start),
        tokens=tuple(args.token),
        paused=args.paused,
        self_check=args.self_check,
        cast=cast.read(args.cast) if args.cast else {},
        bot_health=args.bot_health,
    )


def _start(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise Misuse(f"--start : « {text} » n’est pas une date ISO 8601.") from None
    return start if start.tzinfo else start.astimezone()


def _port_sentence(host: str, port: int, error: OSError) -> str:
    if not taken(error):
        return f"Impossible d’ouvrir {host}:{port} : {error.strerror}."
    free = free_port(host, port)
    advice = f" ; essayez --port {free}." if free else "."
    return f"Le port {port} est déjà utilisé{advice}"


def _fail(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
