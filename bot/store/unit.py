"""One transaction seen at one instant: what may be done in it."""

from bot.store.alerts import Alerts
from bot.store.checks import Checks
from bot.store.demands import Demands
from bot.store.due import Due
from bot.store.events import Events
from bot.store.notices import Notices
from bot.store.patients import Patients
from bot.store.people import People
from bot.store.relays import Relays
from bot.store.steps import Steps


class Unit(People, Patients, Steps, Relays, Checks, Alerts, Demands, Due, Notices, Events):
    """One transaction seen at one instant."""
