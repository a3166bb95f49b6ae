"""The catalogue's machinery: dates, plurals, teams, escaping, and what happens when it lacks."""

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot.domain.message import Value, text
from bot.texts import CATALOGUE, MissingText, Texts, _entries

PARIS = ZoneInfo("Europe/Paris")
AFTERNOON = datetime(2026, 4, 14, 12, 30, tzinfo=UTC)
NBSP = "\u00a0"


def catalogue(folder: Path, **entries: str) -> Path:
    """Write the shipped catalogue plus some entries; a tuple of two makes a plural."""
    path = folder / "messages.po"
    extra = [f'\nmsgid "a.{name}"\nmsgstr "{french}"\n' for name, french in entries.items()]
    path.write_text(CATALOGUE.read_text("utf-8") + "".join(extra), "utf-8")
    return path


def said(folder: Path, template: str, **values: Value) -> str:
    return Texts(catalogue(folder, key=template), PARIS, strict=True).render(
        text("a.key", **values)
    )


@pytest.mark.parametrize(
    ("spec", "when", "french"),
    [
        ("day", AFTERNOON, "mardi 14 avril"),
        ("day", date(2026, 3, 1), "dimanche 1er mars"),
        ("day", date(2026, 3, 11), "mercredi 11 mars"),
        ("date", AFTERNOON, "mardi 14 avril 2026"),
        ("date", date(2027, 1, 1), "vendredi 1er janvier 2027"),
        ("short", AFTERNOON, "14/04"),
        ("short", date(2026, 4, 1), "01/04"),
        ("weekday", AFTERNOON, "mar. 14 avril"),
        ("time", AFTERNOON, f"14{NBSP}h{NBSP}30"),
        ("time", datetime(2026, 4, 14, 12, 0, tzinfo=UTC), f"14{NBSP}h"),
        ("time", datetime(2026, 4, 14, 22, 5, tzinfo=UTC), f"0{NBSP}h{NBSP}05"),
        ("daytime", AFTERNOON, f"mar. 14 avril à 14{NBSP}h{NBSP}30"),
        (
            "daytime",
            datetime(2026, 2, 28, 23, 0, tzinfo=UTC),
            f"dim. 1er mars à 0{NBSP}h",
        ),
    ],
)
def test_dates_are_said_as_the_french_write_them(
    tmp_path: Path, spec: str, when: Value, french: str
) -> None:
    assert said(tmp_path, f"{{when:{spec}}}", when=when) == french


@pytest.mark.parametrize(
    ("instant", "french"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), f"1{NBSP}h{NBSP}59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), f"3{NBSP}h"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), f"2{NBSP}h{NBSP}30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), f"2{NBSP}h{NBSP}30"),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), f"3{NBSP}h"),
    ],
)
def test_hours_follow_both_clock_changes(tmp_path: Path, instant: datetime, french: str) -> None:
    assert said(tmp_path, "{when:time}", when=instant) == french


@pytest.mark.parametrize(
    ("days", "french"), [(-5, "J\u22125"), (0, "J0"), (7, "J+7"), (-12, "J\u221212")]
)
def test_days_are_counted_from_day_zero(tmp_path: Path, days: int, french: str) -> None:
    assert said(tmp_path, "{d:j}", d=days) == french


@pytest.mark.parametrize(
    ("spec", "french"),
    [
        ("team", "EFS"),
        ("team_the", "l’EFS"),
        ("team_of", "de l’EFS"),
        ("team_to", "à l’EFS"),
    ],
)
def test_a_team_is_named_with_the_right_article(tmp_path: Path, spec: str, french: str) -> None:
    assert said(tmp_path, f"{{team:{spec}}}", team="efs") == french


@pytest.mark.parametrize(
    ("value", "french"),
    [
        ("<b>R&D", "&lt;b&gt;R&amp;D"),
        (3, "3"),
        (38.5, "38,5"),
        (None, "—"),
        ((), ""),
        (text("nothing"), ""),
        (text("team.efs"), "EFS"),
        ((text("team.efs"), text("team.greffe")), "EFS\nUnité de greffe"),
    ],
)
def test_each_kind_of_value_is_shown_safely(tmp_path: Path, value: Value, french: str) -> None:
    assert said(tmp_path, "<b>{x}</b>", x=value) == f"<b>{french}</b>"


def test_a_nested_text_is_escaped_once(tmp_path: Path) -> None:
    texts = Texts(catalogue(tmp_path, outer="<i>{inner}</i>", inner="{x}"), PARIS, strict=True)

    assert texts.render(text("a.outer", inner=text("a.inner", x="a & b"))) == "<i>a &amp; b</i>"


def test_a_label_has_neither_tags_nor_entities(tmp_path: Path) -> None:
    texts = Texts(catalogue(tmp_path, key="<b>{x}</b>"), PARIS, strict=True)

    assert texts.plain(text("a.key", x="R&D <b>")) == "R&D <b>"


@pytest.mark.parametrize(
    ("n", "french"),
    [(0, "0 relais ouvert"), (1, "1 relais ouvert"), (2, "2 relais ouverts")],
)
def test_zero_is_singular_in_french(tmp_path: Path, n: int, french: str) -> None:
    path = catalogue(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write('\nmsgid "a.open"\nmsgid_plural "a.open"\n')
        file.write('msgstr[0] "{n} relais ouvert"\nmsgstr[1] "{n} relais ouverts"\n')

    assert Texts(path, PARIS, strict=True).render(text("a.open", n=n)) == french


def test_n_may_be_shown_by_an_entry_without_plural(tmp_path: Path) -> None:
    assert said(tmp_path, "n° {n}", n=2) == "n° 2"


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("{patient}", {}),
        ("{}", {"patient": "TLS-7K4Q"}),
        ("{patient.key}", {"patient": "TLS-7K4Q"}),
        ("{team:team}", {"team": "cardiologie"}),
        ("{team:unheard_of}", {"team": "efs"}),
        ("{when:time}", {"when": date(2026, 4, 14)}),
        ("{when:time}", {"when": datetime(2026, 4, 14, 12, 30)}),  # noqa: DTZ001
        ("{when:day}", {"when": "demain"}),
        ("{when}", {"when": AFTERNOON}),
        ("{d:j}", {"d": "5"}),
        ("{late}", {"late": True}),
    ],
)
def test_a_value_that_cannot_be_shown_raises_when_strict(
    tmp_path: Path, template: str, values: dict[str, Value]
) -> None:
    with pytest.raises((LookupError, TypeError)):
        said(tmp_path, template, **values)


def test_an_unknown_key_raises_when_strict() -> None:
    with pytest.raises(MissingText):
        Texts(CATALOGUE, PARIS, strict=True).render(text("no.such.key"))


def test_a_message_is_never_lost_for_want_of_its_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    texts = Texts(CATALOGUE, PARIS)

    with caplog.at_level(logging.ERROR, logger="bot.texts"):
        shown = texts.render(text("no.such.key", patient="TLS-7K4Q", on=date(2026, 4, 14)))

    assert shown == f"«{NBSP}no.such.key{NBSP}» patient=TLS-7K4Q"
    assert caplog.messages == ["text no.such.key cannot be said: MissingText"]


def test_a_lost_part_leaves_the_rest_of_the_message(tmp_path: Path) -> None:
    texts = Texts(catalogue(tmp_path, key="Alerte {part}"), PARIS)

    shown = texts.render(text("a.key", part=text("no.such.key")))

    assert shown == f"Alerte «{NBSP}no.such.key{NBSP}»"


def test_the_catalogue_is_found_in_its_folder() -> None:
    assert Texts(CATALOGUE.parents[2], PARIS, strict=True).render(text("team.efs")) == "EFS"


@pytest.mark.parametrize(
    "broken",
    [
        'msgid "a.b"\nmsgstr "{open"\n',
        "nonsense\n",
        'msgid "team.efs"\nmsgstr "EFS"\n',
        'msgid "a.b"\n',
        'msgid "a.b"\nmsgstr "once"\nmsgstr "twice"\n',
        'msgid "a.b"\nmsgid_plural "a.b"\nmsgstr[1] "many"\n',
        'msgstr "of nothing"\n',
        'msgid "a.b"\nmsgstr "an "open" quote"\n',
    ],
)
def test_a_broken_catalogue_stops_the_start(tmp_path: Path, broken: str) -> None:
    path = catalogue(tmp_path)
    path.write_text(path.read_text("utf-8") + "\n" + broken, "utf-8")

    with pytest.raises(ValueError, match=r"catalogue messages\.po"):
        Texts(path, PARIS)


def test_an_absent_catalogue_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Texts(tmp_path / "none.po", PARIS)


@pytest.mark.parametrize(
    ("spec", "part", "french"),
    [
        ("line", text("nothing"), "Fait."),
        ("line", "", "Fait."),
        ("line", (), "Fait."),
        ("line", "Motif", "Fait.\nMotif"),
        ("line", (text("team.efs"), text("team.greffe")), "Fait.\nEFS\nUnité de greffe"),
        ("block", (text("team.efs"), text("team.greffe")), "Fait.\n\nEFS\n\nUnité de greffe"),
        ("block", text("nothing"), "Fait."),
    ],
)
def test_a_part_that_may_be_empty_brings_its_own_line(
    tmp_path: Path, spec: str, part: Value, french: str
) -> None:
    assert said(tmp_path, f"Fait.{{part:{spec}}}", part=part) == french


def test_a_member_of_a_family_that_was_not_said_is_a_dash(tmp_path: Path) -> None:
    assert said(tmp_path, "{sign:alert.sign}", sign="") == "—"


def test_the_catalogue_is_read_as_babel_reads_it() -> None:
    with CATALOGUE.open("rb") as file:
        catalog = read_po(file, locale="fr", abort_invalid=True)
    entries = _entries(CATALOGUE.read_text("utf-8"))
    ours = {key: tuple(forms) for key, forms in entries.items() if key}

    assert ours == {_key(each): _forms(each) for each in catalog if each.id}


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def test_a_catalogue_of_another_plural_is_refused(tmp_path: Path) -> None:
    path = catalogue(tmp_path)
    path.write_text(path.read_text("utf-8").replace("plural=(n > 1)", "plural=(n != 1)"), "utf-8")

    with pytest.raises(ValueError, match="header"):
        Texts(path, PARIS)


def test_a_format_that_nobody_has_heard_of_is_named(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="unknown format 'unheard'"):
        said(tmp_path, "{x:unheard}", x=1)


def test_what_was_said_once_is_not_said_of_what_only_equals_it(tmp_path: Path) -> None:
    texts = Texts(catalogue(tmp_path, key="{d:j}"), PARIS, strict=True)
    texts.render(text("a.key", d=5))

    with pytest.raises(TypeError):
        texts.render(text("a.key", d=5.0))
