"""Migrations: they give the tables of the models, and say where a database stands."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, SQLModel

from bot import migrations
from bot.migrations import SchemaError, State
from bot.models import Patient
from bot.store.database import open_engine

A_PRODUCT = '{"product":"yescarta"}'


@pytest.fixture
def blank(blank_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_url)
    yield engine
    engine.dispose()


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later program: ours and one more."""
    scripts = tmp_path / "later"
    shutil.copytree(migrations.HERE, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(scripts)).get_current_head()
    (scripts / "versions" / "9000_later.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision, down_revision = '9000', {head!r}\n"
        "def upgrade():\n    with op.batch_alter_table('patient') as table:\n"
        "        table.alter_column('phase', existing_type=sa.String(), nullable=True)\n",
        "utf-8",
    )
    return scripts


def a_patient() -> Patient:
    return Patient(
        code="TLS-7K4Q",
        four="7K4Q",
        centre="TLS",
        state="active",
        phase="inclusion",
        day0_on=date(2026, 4, 14),
        version=1,
        facts=A_PRODUCT,
    )


def test_an_empty_database_gets_the_tables_of_the_models(blank: Engine) -> None:
    assert migrations.state(blank) is State.EMPTY

    migrations.ensure(blank)

    assert migrations.state(blank) is State.CURRENT
    with blank.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_current_database_is_left_as_it_is(blank: Engine) -> None:
    migrations.upgrade(blank)

    migrations.ensure(blank)
    migrations.upgrade(blank)

    assert migrations.state(blank) is State.CURRENT


def test_a_newer_database_is_refused_with_what_to_do(blank: Engine, later: Path) -> None:
    migrations.upgrade(blank, later)

    assert migrations.state(blank) is State.NEWER
    with pytest.raises(SchemaError, match="newer than the program"):
        migrations.ensure(blank)


def test_an_older_database_is_refused_until_it_is_migrated(blank: Engine, later: Path) -> None:
    migrations.upgrade(blank)

    assert migrations.state(blank, later) is State.OLDER
    with pytest.raises(SchemaError, match="run python -m bot migrate"):
        migrations.ensure(blank, later)

    migrations.upgrade(blank, later)
    assert migrations.state(blank, later) is State.CURRENT


def test_a_table_can_be_changed_and_keeps_its_rows(blank: Engine, later: Path) -> None:
    migrations.upgrade(blank)
    with Session(blank) as session:
        session.add(a_patient())
        session.commit()

    migrations.upgrade(blank, later)

    with Session(blank) as session:
        assert session.get_one(Patient, "TLS-7K4Q").facts == A_PRODUCT
    assert migrations.state(blank, later) is State.CURRENT


def test_the_names_of_the_files_tell_the_history_as_alembic_reads_it(later: Path) -> None:
    history = ScriptDirectory(str(later))
    told = [each.revision for each in history.walk_revisions()][::-1]

    assert migrations.revisions(later) == told
    assert migrations.head(later) == history.get_current_head() == "9000"


def test_a_start_on_a_current_database_imports_no_alembic(blank: Engine, blank_url: str) -> None:
    migrations.upgrade(blank)
    start = (
        "import sys\nfrom sqlalchemy import create_engine\nfrom bot import migrations\n"
        "migrations.ensure(create_engine(sys.argv[1]))\nassert 'alembic' not in sys.modules\n"
    )

    subprocess.run([sys.executable, "-c", start, blank_url], check=True)


def test_an_upgrade_that_fails_leaves_nothing_behind(blank: Engine) -> None:
    with blank.begin() as connection:
        connection.execute(text("CREATE TABLE team_group (id INTEGER)"))

    with pytest.raises(DatabaseError, match="team_group"):
        migrations.upgrade(blank)

    assert inspect(blank).get_table_names() == ["team_group"]
    assert migrations.state(blank) is State.EMPTY


def test_a_database_without_tables_is_not_read_but_said_to_be_empty(blank: Engine) -> None:
    with pytest.raises(SchemaError, match="empty"):
        migrations.require(blank)

    migrations.upgrade(blank)

    migrations.require(blank)
