"""The closed lists of the kinds of acts and of looks."""

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class ActKind(models.TextChoices):
    """A kind of act, such as publishing a map. An act needs authority and is kept for good.

    The value is stored for good, so never rename it. The label is what the officer's desk shows.
    """

    LEVELS_PUBLISHED = "levels-published", _("Risk map published")
    POLICY_PUBLISHED = "policy-published", _("Policy published")
    EVIDENCE_WITHDRAWN = "evidence-withdrawn", _("Evidence withdrawn")
    FACTS_WITHDRAWN = "facts-withdrawn", _("Evidence of a report or an act withdrawn")
    CERTIFICATE_ENTERED = "certificate-entered", _("EU certificate entered")
    SIGNERS_CHANGED = "signers-changed", _("Signers of EU certificates changed")
    SIGNER_WITHDRAWN = "signer-withdrawn", _("Signer of EU certificates withdrawn")
    TRACING_OPENED = "tracing-opened", _("Tracing of a case opened")
    CONTACTS_CONFIRMED = "contacts-confirmed", _("Contacts of a case confirmed")
    MEETING_DECLARED = "meeting-declared", _("Meeting of a case entered")
    MEETING_RETRACTED = "meeting-retracted", _("Meeting of a case taken back")
    STAFF_GRANTED = "staff-granted", _("Role given to staff or to a machine")
    ROLE_TAKEN_BACK = "role-taken-back", _("Role taken back")
    PASSWORD_RESET = "password-reset", _("Password to be chosen anew")
    STAFF_PHONE_CHANGED = "staff-phone-changed", _("Telephone for alarms changed")
    ACCOUNT_CLOSED = "account-closed", _("Account closed")
    ACCOUNT_REOPENED = "account-reopened", _("Account opened again")
    TOKEN_ISSUED = "token-issued", _("Token issued")
    TOKEN_REVOKED = "token-revoked", _("Token ended")
    VENUE_CHANGED = "venue-changed", _("Venue or device added")
    VENUE_RENAMED = "venue-renamed", _("Venue renamed")
    VENUE_HANDED_OVER = "venue-handed-over", _("Venue handed over")
    DEPUTY_NAMED = "deputy-named", _("Deputy of a venue named")
    DEPUTY_REMOVED = "deputy-removed", _("Deputy of a venue removed")
    VENUE_CLOSED = "venue-closed", _("Venue closed")
    VENUE_REOPENED = "venue-reopened", _("Venue opened again")
    DEVICE_BLOCKED = "device-blocked", _("Device of a venue blocked")
    PARTNER_CHANGED = "partner-changed", _("Partner's system admitted or changed")
    PARTNER_ENDED = "partner-ended", _("Partner's system ended")
    ISSUER_TRUSTED = "issuer-trusted", _("Issuer of codes trusted")
    KEY_MADE = "key-made", _("Signing key made")
    KEY_WITHDRAWN = "key-withdrawn", _("Signing key withdrawn")
    LOG_KEY_MADE = "log-key-made", _("Keys of the public log made")
    SECRET_ACCEPTED = "secret-accepted", _("New secret of the service accepted")
    SOURCE_GRANTED = "source-granted", _("Reporting granted to a source")
    HELD_LINES_CONFIRMED = "held-lines-confirmed", _("Held lines of a source confirmed")
    HELD_LINES_REJECTED = "held-lines-rejected", _("Held lines of a source rejected")
    ROSTER_LOADED = "roster-loaded", _("Roster of people loaded")
    DOCUMENT_SEEN = "document-seen", _("Identity document seen")
    DECLARATION_ENTERED = "declaration-entered", _("Declaration of somebody at the desk entered")
    REGISTRATIONS_MERGED = "registrations-merged", _("Registrations of one person merged")
    REGISTRATIONS_SEPARATED = "registrations-separated", _("Registration separated")
    REGISTRATION_CORRECTED = "registration-corrected", _("Registration corrected")
    TELEPHONE_CHANGED = "telephone-changed", _("Telephone of a person changed")
    GUARDIANSHIP_ENDED = "guardianship-ended", _("Guardianship ended")
    PERSON_ERASED = "person-erased", _("Data of a person erased")
    SERVICE_ENDED = "service-ended", _("Service ended, data of all people deleted")


CAN_WAIT: Final[Mapping[ActKind, bool]] = {
    ActKind.LEVELS_PUBLISHED: True,
    ActKind.POLICY_PUBLISHED: True,
    ActKind.EVIDENCE_WITHDRAWN: True,
    ActKind.FACTS_WITHDRAWN: True,
    ActKind.CERTIFICATE_ENTERED: False,
    ActKind.SIGNERS_CHANGED: False,
    ActKind.SIGNER_WITHDRAWN: True,
    ActKind.TRACING_OPENED: False,
    ActKind.CONTACTS_CONFIRMED: True,
    ActKind.MEETING_DECLARED: False,
    ActKind.MEETING_RETRACTED: False,
    ActKind.STAFF_GRANTED: True,
    ActKind.ROLE_TAKEN_BACK: False,
    ActKind.PASSWORD_RESET: True,
    ActKind.STAFF_PHONE_CHANGED: False,
    ActKind.ACCOUNT_CLOSED: False,
    ActKind.ACCOUNT_REOPENED: False,
    ActKind.TOKEN_ISSUED: False,
    ActKind.TOKEN_REVOKED: False,
    ActKind.VENUE_CHANGED: False,
    ActKind.VENUE_RENAMED: False,
    ActKind.VENUE_HANDED_OVER: False,
    ActKind.DEPUTY_NAMED: False,
    ActKind.DEPUTY_REMOVED: False,
    ActKind.VENUE_CLOSED: False,
    ActKind.VENUE_REOPENED: False,
    ActKind.DEVICE_BLOCKED: False,
    ActKind.PARTNER_CHANGED: False,
    ActKind.PARTNER_ENDED: False,
    ActKind.ISSUER_TRUSTED: False,
    ActKind.KEY_MADE: False,
    ActKind.KEY_WITHDRAWN: False,
    ActKind.LOG_KEY_MADE: False,
    ActKind.SECRET_ACCEPTED: False,
    ActKind.SOURCE_GRANTED: False,
    # The source has said the same, so an officer's confirmation is a second signature.
    ActKind.HELD_LINES_CONFIRMED: False,
    ActKind.HELD_LINES_REJECTED: False,
    ActKind.ROSTER_LOADED: False,
    ActKind.DOCUMENT_SEEN: False,
    ActKind.DECLARATION_ENTERED: False,
    ActKind.REGISTRATIONS_MERGED: True,
    ActKind.REGISTRATIONS_SEPARATED: True,
    ActKind.REGISTRATION_CORRECTED: False,
    ActKind.TELEPHONE_CHANGED: False,
    ActKind.GUARDIANSHIP_ENDED: False,
    ActKind.PERSON_ERASED: False,
    ActKind.SERVICE_ENDED: False,
}
"""Whether an act of this kind can wait for a second person."""


TOLD: Final[Mapping[ActKind, bool]] = {
    ActKind.LEVELS_PUBLISHED: False,
    ActKind.POLICY_PUBLISHED: False,
    ActKind.EVIDENCE_WITHDRAWN: False,
    ActKind.FACTS_WITHDRAWN: False,
    ActKind.CERTIFICATE_ENTERED: False,
    ActKind.SIGNERS_CHANGED: False,
    ActKind.SIGNER_WITHDRAWN: False,
    # An inquiry may have to stay unknown to those whom it is about.
    ActKind.TRACING_OPENED: False,
    ActKind.CONTACTS_CONFIRMED: False,
    ActKind.MEETING_DECLARED: False,
    ActKind.MEETING_RETRACTED: False,
    ActKind.STAFF_GRANTED: False,
    ActKind.ROLE_TAKEN_BACK: False,
    ActKind.PASSWORD_RESET: False,
    ActKind.STAFF_PHONE_CHANGED: False,
    ActKind.ACCOUNT_CLOSED: False,
    ActKind.ACCOUNT_REOPENED: False,
    ActKind.TOKEN_ISSUED: False,
    ActKind.TOKEN_REVOKED: False,
    ActKind.VENUE_CHANGED: False,
    ActKind.VENUE_RENAMED: False,
    ActKind.VENUE_HANDED_OVER: False,
    ActKind.DEPUTY_NAMED: False,
    ActKind.DEPUTY_REMOVED: False,
    ActKind.VENUE_CLOSED: False,
    ActKind.VENUE_REOPENED: False,
    ActKind.DEVICE_BLOCKED: False,
    ActKind.PARTNER_CHANGED: False,
    ActKind.PARTNER_ENDED: False,
    ActKind.ISSUER_TRUSTED: False,
    ActKind.KEY_MADE: False,
    ActKind.KEY_WITHDRAWN: False,
    ActKind.LOG_KEY_MADE: False,
    ActKind.SECRET_ACCEPTED: False,
    ActKind.SOURCE_GRANTED: False,
    ActKind.HELD_LINES_CONFIRMED: False,
    ActKind.HELD_LINES_REJECTED: False,
    ActKind.ROSTER_LOADED: False,
    ActKind.DOCUMENT_SEEN: True,
    ActKind.DECLARATION_ENTERED: True,
    ActKind.REGISTRATION_CORRECTED: True,
    ActKind.TELEPHONE_CHANGED: True,
    ActKind.GUARDIANSHIP_ENDED: True,
    ActKind.PERSON_ERASED: False,
    ActKind.SERVICE_ENDED: False,
    ActKind.REGISTRATIONS_MERGED: True,
    ActKind.REGISTRATIONS_SEPARATED: True,
}
"""Whether the person reads of an act of this kind.

`person` in its detail is the person's number, or `registrations` contains it.

The page of reasons tells of acts that gave a colour; it needs no entry here.
"""


class LookKind(models.TextChoices):
    """What somebody looked at. The value is stored, so never rename it."""

    EVIDENCE = "evidence", _("One record about this person")
    COLOUR = "colour", _("The colour of this person")
    CONTACTS = "contacts", _("Whom this person may have met")
    FILE = "file", _("All data about this person")
    CARD = "card", _("The code of this person, printed on a card")
    REGISTRATION = "registration", _("Name, document and home, partly hidden")
    GUARDIANS = "guardians", _("Who looks after this person")
