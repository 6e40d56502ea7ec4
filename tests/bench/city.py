"""Cities to measure on, and turning from one to another."""

from django.core.management import call_command
from django.db import connection

from tests.bench.stage import Stage


def city(stage: Stage, people: int, *, name: str = "", visits: int = 0) -> str:
    """A city of so many people in a database of its own; the database's name."""
    name = name or f"city_{people}"
    stage.database(name)
    turn_to(name)
    stage.say(f"  generating a city of {people:,} …")
    call_command("migrate", verbosity=0)
    call_command("generate_city", people=people, visits=visits)
    return name


def turn_to(name: str) -> None:
    """Let everything in this process from now on read and write database `name`."""
    connection.close()
    connection.settings_dict["NAME"] = name
