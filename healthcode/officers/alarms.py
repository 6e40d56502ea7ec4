"""Read alarms for the officers who can answer them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from healthcode.acts.alarm_models import Alarm, AlarmBy, AlarmMessage
from healthcode.acts.alarms import alarms_within
from healthcode.acts.models import ProposalState
from healthcode.areas.selectors import full_names
from healthcode.evidence.held import is_waiting
from healthcode.evidence.models import HeldWhy


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """An alarm as the desk shows it: whether it is still open, and who was told.

    `area` is the name of its area; empty for the whole country.
    """

    alarm: Alarm
    area: str
    is_open: bool
    messages: Sequence[AlarmMessage]


def is_open(alarm: Alarm, *, at: datetime) -> bool:
    """Return whether what raised the alarm still waits for somebody.

    Of a source, only the latest alarm is open: the lines that wait are those of this one.
    """
    proposal = alarm.proposal
    if proposal is not None:
        return proposal.state == ProposalState.WAITING and at < proposal.expires_at
    later = Alarm.objects.filter(by=AlarmBy.SOURCE, number=alarm.number, pk__gt=alarm.pk)
    return is_waiting(alarm.number, HeldWhy.ALARM) and not later.exists()


def open_alarms(*, at: datetime) -> list[Alarm]:
    """Return the alarms of the last days, anywhere, that nobody has answered."""
    return [alarm for alarm in alarms_within([""], at=at) if is_open(alarm, at=at)]


def alarms_for(areas: Collection[str], *, at: datetime) -> list[ShownAlarm]:
    """Return the alarms of the last days in these areas, the latest first, for the desk."""
    found = alarms_within(areas, at=at)
    names: Mapping[str, str] = full_names({alarm.area for alarm in found if alarm.area})
    return [
        ShownAlarm(
            alarm,
            names.get(alarm.area, alarm.area),
            is_open(alarm, at=at),
            list(alarm.messages.all()),
        )
        for alarm in found
    ]
