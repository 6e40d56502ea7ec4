"""Compare the alarms with their leaves of the public log."""

from collections.abc import Iterator

from healthcode.acts.alarm_models import Alarm
from healthcode.acts.alarms import LEAF, alarm_record
from healthcode.acts.log.entries import leaf_of
from healthcode.acts.log.findings import LogFinding, LogFindingKind
from healthcode.acts.models import LogLeaf
from healthcode.core.log.leaves import record_digest


def edited_alarms() -> Iterator[LogFinding]:
    """Yield each alarm that is not the one of its leaf, or that has no row or no leaf any more.

    Two queries; the time grows with the number of alarms, which are few.
    """
    leaves = LogLeaf.objects.filter(kind=LEAF).values_list("number", "entry")
    logged = {number: bytes(entry) for number, entry in leaves}
    said = {alarm.pk: _entry(alarm) for alarm in Alarm.objects.all()}
    for number in sorted(logged.keys() | said.keys()):
        if logged.get(number) != said.get(number):
            yield LogFinding(LogFindingKind.ALARM_EDITED, number)


def _entry(alarm: Alarm) -> bytes:
    """Return the leaf that an alarm must have."""
    leaf = leaf_of(
        kind=LEAF,
        number=alarm.pk,
        area=alarm.area,
        count=alarm.people,
        digest=record_digest(bytes(alarm.salt), alarm_record(alarm)),
        at=alarm.at,
    )
    return leaf.encode()
