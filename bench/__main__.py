"""`make bench`: every benchmark of this folder, one after the other."""

import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        sys.stdout.write(f"\n{path.stem}\n")
        import_module(f"bench.{path.stem}").main()


if __name__ == "__main__":
    main()
