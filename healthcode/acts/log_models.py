"""The tables of the public log beyond its leaves: tiles, checkpoints, keys, witnesses."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from healthcode.core.log.merkle import HASH_BYTES
from healthcode.core.log.tiles import WIDTH


class LogTile(models.Model):
    """A full tile of the public log (C2SP tlog-tiles); the row is never changed or deleted.

    `root` is the hash over all its hashes, which is one hash of the tile above. So partial tiles
    need no rows: those of level 0 are made from leaves, all others from the roots of the tiles
    below.
    """

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="one_tile_at_its_place"),
            models.CheckConstraint(
                name="tile_is_full",
                condition=Q(Exact(Length("hashes"), WIDTH * HASH_BYTES))
                & Q(Exact(Length("root"), HASH_BYTES)),
            ),
        ]


class LogCheckpoint(models.Model):
    """The size and root of the public log, signed (C2SP tlog-checkpoint).

    A checkpoint is never smaller than those before it. The newest is never deleted.
    """

    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.BinaryField()
    made_at = models.DateTimeField()


class KeyUse(models.TextChoices):
    """What a key signs: the checkpoints of this log, or those of others that it witnesses."""

    LOG = "log"
    WITNESS = "witness"


class LogKey(models.Model):
    """A key that signs checkpoints: Ed25519 or ML-DSA-44, as `kind` says (C2SP signed-note).

    `origin` names the log, or the witness, as `use` says. `private_sealed` is the private key,
    encrypted (PKCS#8) with LOG_KEY_SECRET. Until it is retired, each key signs every checkpoint.
    """

    use = models.CharField(max_length=8, db_default=KeyUse.LOG)
    origin = models.CharField(max_length=255)
    kind = models.PositiveSmallIntegerField()
    public = models.BinaryField(unique=True)
    private_sealed = models.BinaryField()
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)


class WitnessedCheckpoint(models.Model):
    """The last checkpoint of another log that this service cosigned as a witness, one a log.

    The row is never deleted and its size never falls: whoever cosigns two histories is no witness.
    `note` has the signatures of the log and of this witness. Before the first checkpoint, the size
    is 0 and the note is empty. `contradiction` is a checkpoint of the same size with another root,
    which proves that the log shows two histories.
    """

    origin = models.CharField(max_length=255, unique=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.BinaryField()
    contradiction = models.BinaryField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="witnessed_root_length", condition=Exact(Length("root"), HASH_BYTES)
            ),
        ]


class LogCosignature(models.Model):
    """The line with which a witness cosigned a checkpoint of the public log.

    `witness` is the name of the witness in LOG_POLICY.
    """

    checkpoint = models.ForeignKey(LogCheckpoint, models.CASCADE, related_name="cosignatures")
    witness = models.CharField(max_length=255)
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "witness"], name="one_cosignature_of_each_witness"
            ),
        ]


class AskedWitness(models.Model):
    """What this service knows of a witness that it asks: how many leaves the witness has cosigned.

    After `failures` tries in a row that failed, nobody asks before `ask_again_at`.
    """

    url = models.CharField(max_length=500, unique=True)
    size = models.BigIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    ask_again_at = models.DateTimeField()
