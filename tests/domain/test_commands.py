"""Which command a text is, as people type it on a telephone."""

import pytest

from bot.domain.commands import NAMES, command


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_known_by_its_name(name: str) -> None:
    found = command(f"/{name} 7K4Q svp")

    assert found
    assert (found.name, found.words) == (name, ("7K4Q", "svp"))


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        ("/toxicité 7K4Q", "toxicite", ("7K4Q",)),
        ("/Toxicité", "toxicite", ()),
        ("  /ALERTÉ", "alerte", ()),
        ("/alert 7K4Q", "alerte", ("7K4Q",)),
        ("/ alerte 7K4Q", "alerte", ("7K4Q",)),
        ("/alertes 7K4Q", "alerte", ("7K4Q",)),
        ("/allerte 7K4Q", "alerte", ("7K4Q",)),
        ("/alrte 7K4Q", "alerte", ("7K4Q",)),
        ("/alerte7K4Q convulse", "alerte", ("7k4q", "convulse")),
        ("/alert7K4Q", "alerte", ("7k4q",)),
        ("/alerteTLS-7K4Q", "alerte", ("tls-7k4q",)),
        ("/toxicitéTLS-7K4Q", "toxicite", ("tls-7k4q",)),
        ("/equipe", "equipes", ()),
        ("/stat 7K4Q", "statut", ("7K4Q",)),
        ("/startABC def", "start", ("def",)),
    ],
)
def test_what_is_meant_is_heard(typed: str, name: str, words: tuple[str, ...]) -> None:
    found = command(typed)

    assert found
    assert (found.name, found.words) == (name, words)


@pytest.mark.parametrize("typed", ["/", "/ale", "/sta", "/inconnu", "/re", "/alarme", "/7K4Q"])
def test_what_may_mean_two_things_or_none_is_no_command_of_ours(typed: str) -> None:
    found = command(typed)

    assert found
    assert found.name == ""


def test_a_text_without_a_slash_is_no_command() -> None:
    assert command("alerte 7K4Q") is None


def test_a_command_says_to_which_bot_it_is_addressed() -> None:
    found = command("/Alerte@relais_bot 7K4Q")

    assert found
    assert (found.name, found.bot, found.written) == ("alerte", "relais_bot", "/alerte@relais_bot")
