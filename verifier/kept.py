"""What the tables of doors and partners hold, for how long, and what becomes of them.

The record of the scans is in `residents`, because only that room can tell whose they are.
"""

from typing import Final

from healthcode.web.keeping import Because, Cadence, Forget, Goes, TableRecord, of_nobody
from healthcode.web.rights import DoorRights
from verifier.doors import doubts
from verifier.models import (
    Deputy,
    Device,
    Doubt,
    DoubtsLooked,
    HandOver,
    Partner,
    PartnerAssertion,
    PartnerCall,
    PartnerUse,
    Publication,
    TrustedIssuer,
    TrustList,
    Venue,
)
from verifier.partners import services as partners

_OF_ENROLMENT: Final = ("enrolment_hash", "enrolment_expires_at", "token_hash")

RECORDS: Final = (
    TableRecord(
        model=Doubt,
        holds="codes that may have been shown as copies, by a tag of one venue and day",
        kept="as long as their scans",
        forget=Forget(lambda at: doubts.forget(at=at), Cadence.OFTEN),
        export=Because("cannot be told whose it is"),
        erase=Because("cannot be told whose it is"),
        sunset=Goes.AT_ONCE,
        # Not the tag, which stands for the holder.
        doors=DoorRights(reads=("id", "venue_id", "day", "kind", "scans", "last_at", "devices")),
    ),
    of_nobody(DoubtsLooked, holds="up to when scans were searched for copies"),
    of_nobody(
        Device,
        holds="scanners at doors; their tokens hashed",
        doors=DoorRights(
            reads=("id", "venue_id", "label", "revoked_at", "last_seen_at", *_OF_ENROLMENT),
            changes=(*_OF_ENROLMENT, "enrolled_at", "last_seen_at"),
        ),
    ),
    of_nobody(Deputy, holds="which staff do the daily work at which venue"),
    of_nobody(
        HandOver,
        holds="offers of venues that no colleague has accepted yet",
        kept="until they are answered or replaced",
    ),
    of_nobody(
        Venue,
        holds="places with a door",
        doors=DoorRights(reads=("id", "name", "yellow", "closed_at")),
    ),
    TableRecord(
        model=PartnerCall,
        holds="which partner asked when about how many codes, and the verdicts",
        kept="180 days",
        forget=Forget(lambda at: partners.forget_calls(at=at), Cadence.OFTEN),
        export=Because("holds nothing of the codes"),
        erase=Because("holds nothing of the codes"),
        sunset=Because("says what partners asked, also after the end"),
        doors=DoorRights(reads=("id",), adds=True, changes=("passes", "cautions", "refusals")),
    ),
    of_nobody(
        PartnerUse,
        holds="how many codes a partner asked about in its current minute",
        doors=DoorRights(
            reads=("account_id", "minute", "codes"), adds=True, changes=("minute", "codes")
        ),
    ),
    TableRecord(
        model=PartnerAssertion,
        holds="assertions that partners used (hashed)",
        kept="until they could not be used again (12 minutes), and ten more at most",
        forget=Forget(lambda at: partners.forget_assertions(at=at), Cadence.OFTEN),
        export=Because("is about a partner's machine"),
        erase=Because("is about a partner's machine"),
        sunset=Goes.AT_ONCE,
        doors=DoorRights(adds=True),
    ),
    of_nobody(
        Partner,
        holds="partners' machines, their public keys and whom to call there",
        doors=DoorRights(
            reads=("account_id", "keys", "scopes", "codes_per_minute"),
            calls=("issue_partner_token",),
        ),
    ),
    of_nobody(
        Publication,
        holds="keys and status lists that other issuers publish",
        doors=DoorRights(
            reads=("id", "issuer", "uri", "kind", "body", "etag", "as_of", "changed_at")
        ),
    ),
    of_nobody(
        TrustList,
        holds="the trust list of the alliance",
        doors=DoorRights(reads=("id", "token", "etag", "confirmed_at")),
    ),
    of_nobody(TrustedIssuer, holds="whose codes are recognised here"),
)
