"""What the tables of acts, proposals and the public log hold about people, and for how long."""

from typing import Final

from healthcode.acts.alarm_models import Alarm, AlarmMessage, UnusualLooks
from healthcode.acts.log.sequencer import forget_checkpoints
from healthcode.acts.log_models import (
    AskedWitness,
    LogCheckpoint,
    LogCosignature,
    LogKey,
    LogTile,
    WitnessedCheckpoint,
)
from healthcode.acts.looks import forget_looks, forget_unusual, looks_export
from healthcode.acts.models import (
    Act,
    ActArea,
    LogLeaf,
    LookDigest,
    PersonLook,
    Proposal,
)
from healthcode.acts.told import acts_export
from healthcode.web.keeping import (
    OF_NOBODY,
    Because,
    Cadence,
    Export,
    Forget,
    Goes,
    TableRecord,
    of_nobody,
)
from healthcode.web.rights import Rights

RECORDS: Final = (
    TableRecord(
        model=Act,
        holds="what somebody with authority did, on what ground; of people at most the number",
        kept="for good",
        export=Export("acts", acts_export),
        erase=Because("the number stands for nobody any more"),
        sunset=Because("says what was done with authority, also after the end"),
        rights=Rights.ADD,
    ),
    TableRecord(
        model=ActArea,
        holds="the areas that an act touched, and how many of their people changed colour by it",
        kept="for good",
        export=Because("counts people, and names none"),
        erase=Because("counts people, and names none"),
        sunset=Because("belongs to the act, which stays"),
        rights=Rights.ADD,
    ),
    TableRecord(
        model=PersonLook,
        holds="who looked at the data of a person, when, and on what ground",
        kept="365 days",
        forget=Forget(forget_looks, Cadence.NIGHTLY),
        export=Export("looks", looks_export),
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
        rights=Rights.ADD_AND_DELETE,
    ),
    TableRecord(
        model=LookDigest,
        holds="salted digests of looks, with hour and city; nobody can tell from them who looked"
        " at whom",
        kept="for good",
        export=Because("the person gets the proof of each look, which holds its digest"),
        erase=Because("the salt goes with the look, so that the digest tells nothing any more"),
        sunset=Because("belongs to a leaf of the public log, which stays"),
        rights=Rights.ADD,
        fills=("leaf_id", "place"),
    ),
    TableRecord(
        model=Proposal,
        holds="what an officer wanted to do, and who decided it; of people at most the number",
        kept="for good",
        export=Because("is about officers' work; a person's facts say by which act they fell"),
        erase=Because("the number stands for nobody any more"),
        sunset=Because("says what was done with authority, also after the end"),
        rights=Rights.ADD,
        fills=(
            *("state", "decided_by_id", "decided_at", "decision_ground_kind"),
            *("decision_ground", "act_id"),
        ),
    ),
    TableRecord(
        model=Alarm,
        holds="by whom, or at which venue, unusually many people would have turned red",
        kept="for good",
        export=Because("counts people, and names none"),
        erase=Because("counts people, and names none"),
        sunset=Because("says what was done with authority, also after the end"),
        rights=Rights.ADD,
    ),
    TableRecord(
        model=AlarmMessage,
        holds="which staff were told of an alarm, and when; the telephone is not in it",
        kept="for good",
        export=Because("it is about the account's work, not about a person"),
        erase=Because("it belongs to an account of staff, not to a person"),
        sunset=Because("says who knew of what was done with authority"),
    ),
    TableRecord(
        model=UnusualLooks,
        holds="which account looked at people's data unusually often, and when",
        kept="365 days",
        forget=Forget(forget_unusual, Cadence.NIGHTLY),
        export=Because("it is about the account's work, not about a person"),
        erase=Because("it belongs to an account of staff, not to a person"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=LogLeaf,
        holds="what anybody can read about an act: minute, city, kind, and people as a band",
        kept="for good",
        export=Because("counts people, and names none; the proof of an act holds it"),
        erase=Because("counts people, and names none"),
        sunset=Because("the log is published, and everybody who keeps a copy can check it"),
        rights=Rights.ADD,
        fills=("position",),
    ),
    of_nobody(LogTile, holds="hashes of the public log", rights=Rights.ADD),
    TableRecord(
        model=LogCheckpoint,
        holds="signed sizes and roots of the public log",
        kept="28 days; the newest for good",
        forget=Forget(forget_checkpoints, Cadence.NIGHTLY),
        export=OF_NOBODY,
        erase=OF_NOBODY,
        sunset=OF_NOBODY,
        rights=Rights.ADD_AND_DELETE,
    ),
    of_nobody(
        LogKey,
        holds="keys that sign the public log, and logs of others, the private part encrypted",
        rights=Rights.ADD,
        fills=("retired_at",),
    ),
    of_nobody(
        LogCosignature,
        holds="cosignatures of the public log by its witnesses",
        kept="as long as the checkpoint",
        rights=Rights.ADD_AND_DELETE,
    ),
    of_nobody(AskedWitness, holds="how many leaves of the public log each witness has cosigned"),
    of_nobody(WitnessedCheckpoint, holds="the last checkpoint of each log that is witnessed here"),
)
