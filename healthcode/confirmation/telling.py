"""Tell whoever can answer an alarm by text message, and later the area above.

Everybody gets at most one message about an alarm that the sender accepts. A process that ends while
it sends leaves a row that says so, and nobody sends it again.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override
from prometheus_client import Counter

from accounts import sms, vault
from accounts.authority import areas_of, covers
from accounts.errors import SendingFailed
from accounts.in_force import in_force
from accounts.models import Account, Role
from healthcode.acts.alarm_models import Alarm, AlarmMessage
from healthcode.acts.models import Proposal
from healthcode.areas.selectors import full_names
from healthcode.areas.successors import successors_of
from healthcode.colours.policy import safeguards_at
from healthcode.colours.safeguards import SHIPPED
from healthcode.confirmation.errors import PreviewChanged
from healthcode.confirmation.performers import plan_of
from healthcode.confirmation.services import require_another
from healthcode.evidence.models import HeldLine, HeldWhy
from healthcode.evidence.responsibility import answers_for_line
from healthcode.officers.alarms import open_alarms
from healthcode.web.errors import Forbidden, NotFound

logger = logging.getLogger(__name__)

MOST_TRIES: Final = 5
CAN_ANSWER: Final = (Role.OFFICER, Role.ADMINISTRATOR)
"""The roles among which somebody may be who can answer; the act itself decides who can."""

MESSAGES: Final = Counter(
    "healthcode_alarm_messages", "Text messages about alarms, by what the sender said.", ["result"]
)


@dataclass(frozen=True, slots=True)
class Answerer:
    """Somebody who can answer an alarm and has a telephone.

    Attributes:
        account: the account with its telephone.
        area: the area by which the account can answer.
        step: 0 if nobody can be told who is nearer to what waits; 1 for the next area above, and so
            on.
    """

    account: Account
    area: str
    step: int


def tell_of_alarms(*, at: datetime) -> int:
    """Send the messages that are due about open alarms; return how many were accepted.

    Call this outside a transaction. It is safe to call it twice at once.
    """
    figures = (safeguards_at(at) or SHIPPED).alarm
    minutes = timedelta(minutes=figures.told_above_after_minutes)
    told = 0
    for alarm in open_alarms(at=at):
        due = [one for one in answerers(alarm, at=at) if alarm.at + one.step * minutes <= at]
        told += sum(_tell(alarm, one, at) for one in due)
    return told


def answerers(alarm: Alarm, *, at: datetime) -> list[Answerer]:
    """Return everybody who can answer an alarm and has a telephone, the nearest area first."""
    if alarm.proposal is not None:
        reach = _of_proposal(alarm.proposal, at)
    else:
        reach = _of_lines(alarm.number, at)
    steps: dict[tuple[str, str], int] = {}
    for code in {code for _account, _area, codes in reach for code in codes}:
        areas = {area for _account, area, codes in reach if code in codes}
        for step, area in enumerate(sorted(areas, key=len, reverse=True)):
            steps[code, area] = step
    found = [
        Answerer(account, area, min(steps[code, area] for code in codes))
        for account, area, codes in reach
    ]
    return sorted(found, key=lambda one: (one.step, one.account.pk))


_Reach = tuple[Account, str, Collection[str]]
"""An account, the area by which it can answer, and the codes of what waits inside this area."""


def _of_proposal(proposal: Proposal, at: datetime) -> list[_Reach]:
    try:
        plan = plan_of(proposal)
    except PreviewChanged:  # another version of the service stored it; nobody here can confirm it
        return []
    found: list[_Reach] = []
    for account in _with_telephone({proposal.area}, at):
        try:
            require_another(account, proposal, at)
            plan.authorise(account)
        except (Forbidden, NotFound):
            continue
        found.append((account, _nearest(account, proposal.area), [proposal.area]))
    return found


def _of_lines(source: int, at: datetime) -> list[_Reach]:
    lines = HeldLine.objects.filter(source=source, why=HeldWhy.ALARM, rejected_by=None)
    places = set(lines.values_list("person__home_area", "area"))
    near = {code for place in places for code in _codes(place)}
    found: list[_Reach] = []
    for account in _with_telephone(near, at):
        if not any(held == Role.OFFICER for held, _area in account.held):
            continue
        mine = [place for place in places if answers_for_line(account, *place) is not None]
        by_area = {
            code: _nearest(account, code)
            for place in mine
            for code in _codes(place)
            if any(covers(area, code) for area in areas_of(account, Role.OFFICER))
        }
        for area in set(by_area.values()):
            codes = [code for code, nearest in by_area.items() if nearest == area]
            found.append((account, area, codes))
    return found


def _codes(place: tuple[str, str | None]) -> set[str]:
    """Return the home and the area of a line, with their successors."""
    return {one for code in place if code for one in (code, *successors_of(code))}


def _with_telephone(codes: Iterable[str], at: datetime) -> Iterator[Account]:
    """Yield the open accounts of staff that have a telephone and an area with one of the codes."""
    around = {code[:digits] for code in codes for digits in range(len(code) + 1)}
    accounts = Account.objects.filter(
        in_force(at, "grants__"),
        is_active=True,
        staff_phone__isnull=False,
        grants__role__in=CAN_ANSWER,
        grants__area__in=around,
    )
    yield from accounts.select_related("staff_phone").distinct().order_by("pk")


def _nearest(account: Account, code: str) -> str:
    """Return the smallest area of the account that contains `code`."""
    held = {area for role, area in account.held if role in CAN_ANSWER and covers(area, code)}
    return max(held, key=len)


def _tell(alarm: Alarm, one: Answerer, at: datetime) -> bool:
    """Send a message unless somebody has sent it; return whether it was accepted now."""
    message = _claim(alarm, one, at)
    if message is None:
        return False
    told = one.account.staff_phone
    phone = vault.unseal(told.sealed, field=vault.Field.STAFF_PHONE, row=told.bound_to)
    mine = AlarmMessage.objects.filter(pk=message.pk)
    try:
        sms.sender().send(phone=phone, text=text_about(alarm))
    except SendingFailed:
        mine.update(is_refused=True)
        MESSAGES.labels("refused").inc()
        logger.warning(
            "The message about alarm %d to account %d was refused (try %d of %d)",
            *(alarm.pk, one.account.pk, message.tries, MOST_TRIES),
        )
        return False
    mine.update(told_at=at)
    MESSAGES.labels("accepted").inc()
    return True


def _claim(alarm: Alarm, one: Answerer, at: datetime) -> AlarmMessage | None:
    """Return the message if this call is to send it, stored before it is sent; otherwise None."""
    message, is_new = AlarmMessage.objects.get_or_create(
        alarm=alarm, account=one.account, defaults={"area": one.area, "tried_at": at}
    )
    if is_new:
        return message
    if not message.is_refused or message.tries >= MOST_TRIES:
        return None
    again = AlarmMessage.objects.filter(pk=message.pk, is_refused=True, tries=message.tries)
    if not again.update(is_refused=False, tries=F("tries") + 1, tried_at=at):
        return None
    message.tries += 1
    return message


def text_about(alarm: Alarm) -> str:
    """Return the text of the message: no person, and nobody's name."""
    page = f"proposals/{alarm.proposal_id}" if alarm.proposal_id else "held"
    with override(settings.LANGUAGE_CODE):
        area = full_names([alarm.area]).get(alarm.area) if alarm.area else None
        return _(
            "Health code, alarm %(number)d: unusually many people would turn red in %(area)s. It "
            "waits for a second look: %(page)s"
        ) % {
            "number": alarm.pk,
            "area": area or _("the whole country"),
            "page": f"{settings.BASE_URL}/officer/{page}",
        }
