"""Tell somebody by text message what became of their account, when it is certain."""

import logging
from functools import partial
from typing import Final

from django.db import transaction
from prometheus_client import Counter

from accounts import sms
from accounts.errors import SendingFailed

logger = logging.getLogger(__name__)

TOLD: Final = Counter(
    "healthcode_account_messages",
    "Messages to people that their account was changed, by what the sender said.",
    ["result"],
)


def tell_after_commit(*, phone: str, text: str) -> None:
    """Send a text message when the open transaction is committed.

    Nothing is taken back if the sender refuses it, because the telephone may be lost or switched
    off. The metrics and the log say how often this happens.
    """
    transaction.on_commit(partial(_send, phone, text))


def _send(phone: str, text: str) -> None:
    try:
        sms.sender().send(phone=phone, text=text)
    except SendingFailed:
        TOLD.labels("refused").inc()
        logger.warning("The sender refused a message that an account was changed.")
    else:
        TOLD.labels("accepted").inc()
