"""Deciding one person's colour at once, for those who wait for the answer."""

from datetime import datetime
from functools import partial

from django.db import transaction

from accounts.models import Person
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.selectors import PersonDecision, decision_of
from healthcode.colours.wake import send


def decide_now(person: Person, at: datetime) -> PersonDecision:
    """Store the colour that follows from what was just recorded; codes of the old one end soon."""
    if recompute_people([person.pk], at=at):
        transaction.on_commit(partial(send, "codes.publish"))
    return decision_of(person.pk, at)
