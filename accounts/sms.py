"""Send one-time codes by text message. `SMS_SENDER` names the class that sends them."""

import logging
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from accounts import masks

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """The interface of a class that delivers text messages."""

    def send(self, *, phone: str, text: str) -> None:
        """Send `text` to `phone` (E.164), within seconds.

        Raises:
            accounts.errors.SendingFailed: the message was not accepted.
        """


class ConsoleSender:
    """Write the message to the log instead, for the demo, where nobody has a phone."""

    def __init__(self) -> None:
        if not settings.DEMO:
            raise ImproperlyConfigured(
                "SMS_SENDER: ConsoleSender prints one-time codes and works only with DEMO=1."
            )

    def send(self, *, phone: str, text: str) -> None:
        """Log the text, with the phone number masked."""
        logger.info("To %s: %s", masks.phone(phone), text)


def sender() -> Sender:
    """Return the sender that `SMS_SENDER` names.

    Raises:
        ImproperlyConfigured: there is no such class, or it does not work here.
    """
    return _sender(settings.SMS_SENDER)


@lru_cache(maxsize=8)
def _sender(dotted: str) -> Sender:
    try:
        made: Sender = import_string(dotted)()
    except ImportError as error:
        raise ImproperlyConfigured(f"SMS_SENDER: there is no {dotted}.") from error
    return made
