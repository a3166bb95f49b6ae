"""A tap written by hand: the least work that keeps what the bot keeps of one, on the same disk.

One SQLite connection, WAL and synchronous=FULL. Each tap: a row of the inbox, a read of the
patient's rows, an update of the step's row, two letters with French words and a keyboard.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import time
from typing import Any

PATIENTS, STEPS = 20, 28
TEXT = (
    "<b>TLS-{code:04d} · J−21</b> · <b>Décision de la RCP</b>\n"
    "☑ Patient éligible\n☐ Produit choisi\n\nCochez, puis confirmez : l’équipe suivante est"
    " prévenue aussitôt, et le relais attend sa relecture."
)
LABELS = ("☑ Patient éligible", "☐ Produit choisi", "Confirmer", "Retour")
SCHEMA = """
    CREATE TABLE inbox (update_id INTEGER PRIMARY KEY, at TEXT, failed INT, error TEXT);
    CREATE TABLE step (id INTEGER PRIMARY KEY, patient_id INT, slug TEXT, team TEXT, due_at TEXT,
                       state TEXT, next_at TEXT, data TEXT);
    CREATE INDEX step_patient ON step (patient_id);
    CREATE INDEX step_next ON step (next_at);
    CREATE TABLE outbox (id INTEGER PRIMARY KEY, chat_id INT, kind TEXT, priority INT, body TEXT,
                         keyboard TEXT, dedupe_key TEXT UNIQUE, cause TEXT, state TEXT,
                         created_at TEXT, retry_at TEXT);
    CREATE INDEX outbox_leaving ON outbox (state, priority, id);
"""
LETTER = (
    "INSERT INTO outbox (chat_id, kind, priority, body, keyboard, dedupe_key, cause, state,"
    " created_at) VALUES (?, ?, 1, ?, ?, ?, ?, 'pending', ?)"
)


class Floor:
    """A tap as somebody would write it who needs nothing else."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "floor.db", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(SCHEMA)
        self._database.executemany(
            "INSERT INTO step (patient_id, slug, team, due_at, state, data)"
            " VALUES (?, ?, 'greffe', '2026-03-09T08:00:00+00:00', 'planned', '{}')",
            [(patient, f"etape_{n}") for patient in range(PATIENTS) for n in range(STEPS)],
        )

    def take(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """A batch, committed once."""
        self._database.execute("BEGIN IMMEDIATE")
        for update in updates:
            self._tap(update["update_id"], update["callback_query"])
        self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()

    def _tap(self, number: int, query: Mapping[str, Any]) -> None:
        at, patient = f"{time():.6f}", number % PATIENTS
        self._database.execute("INSERT INTO inbox VALUES (?, ?, 0, '')", (number, at))
        found = self._database.execute("SELECT * FROM step WHERE patient_id = ?", (patient,))
        step = found.fetchall()[0]
        values = json.loads(step[7]) | {"eligible": number % 2 == 0}
        changed = (json.dumps(values, ensure_ascii=False), step[0])
        self._database.execute("UPDATE step SET data = ? WHERE id = ?", changed)
        chat, cause = query["message"]["chat"]["id"], f"step:{step[0]}"
        rows = [[{"text": label, "callback_data": f"step:set:{step[0]}:0"}] for label in LABELS]
        keyboard = json.dumps(rows, ensure_ascii=False)
        shown = (chat, "edit", TEXT.format(code=patient), keyboard, f"edit:{number}", cause, at)
        self._database.execute(LETTER, shown)
        popup = (0, "popup", "", "[]", f"popup:{query['id']}", "", at)
        self._database.execute(LETTER, popup)
