"""Make cities to measure on, and switch between them."""

from django.core.management import call_command
from django.db import connection

from healthcode.tools.run.postgres import OWNER, SERVICE
from tests.bench.stage import Stage


def city(stage: Stage, people: int, *, name: str = "", visits: int = 0) -> str:
    """Make a city of this many people in its own database; return the database's name."""
    name = name or f"city_{people}"
    stage.database(name)
    turn_to(name, user=OWNER)
    stage.say(f"  generating a city of {people:,} …")
    call_command("migrate", verbosity=0)
    call_command("generate_city", people=people, visits=visits)
    turn_to(name)
    return name


def turn_to(name: str, *, user: str = SERVICE) -> None:
    """Make this process read and write database `name` from now on, as the service by default."""
    connection.close()
    connection.settings_dict |= {"NAME": name, "USER": user}
