"""What a network decided for itself."""

from bot.domain.network import Network
from tests.domain.builders import CALENDAR, PATHWAY


def test_its_first_centre_is_the_default() -> None:
    network = Network({"TLS": "Toulouse", "MPL": "Montpellier"}, PATHWAY, (), CALENDAR)

    assert network.first_centre == "TLS"
