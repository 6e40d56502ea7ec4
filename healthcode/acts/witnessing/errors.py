"""The refusals of a witness. C2SP tlog-witness says which status each has."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Forbidden, MalformedRequest, NotFound, Refusal


class NotACheckpoint(MalformedRequest):
    """The body is not a request of C2SP tlog-witness, or its checkpoint is smaller than `old`."""

    slug = "not-a-checkpoint"
    title = _("This is not a checkpoint of a log")
    sentence = _(
        "Send an old size, the proof and a signed checkpoint, as C2SP tlog-witness says. The "
        "checkpoint must not be smaller than the old size."
    )


class CheckpointNotSigned(Forbidden):
    """The log has not signed the checkpoint, or signed it in the future."""

    slug = "checkpoint-not-signed"
    title = _("The log has not signed this checkpoint")
    sentence = _(
        "No known key of the log has signed this checkpoint, or the signature is forged or dated "
        "in the future. If the log has new keys, send them to the operator of this witness."
    )


class LogNotWitnessed(NotFound):
    """This witness does not watch the log."""

    slug = "log-not-witnessed"
    title = _("This log is not witnessed here")
    sentence = _("Ask the operator of this witness to add the log.")


class NotContinued(Refusal):
    """The proof does not show that the log goes on from what this witness has cosigned."""

    slug = "log-not-continued"
    title = _("This checkpoint does not continue the log")
    sentence = _(
        "The proof does not show that this log begins with what this witness has cosigned. "
        "Nothing was cosigned. Check the proof; if it is right, the log was changed afterwards."
    )


class SplitViewRefused(Refusal):
    """The log has signed two checkpoints of one size with different roots."""

    slug = "split-view"
    title = _("This log shows two histories")
    sentence = _(
        "This witness has cosigned another checkpoint of the same size. Nothing was cosigned. "
        "The witness keeps both checkpoints as a proof."
    )


class DoesNotWitness(Refusal):
    """This process has no key of a witness; another one of the service may have it."""

    slug = "does-not-witness"
    status = 503
    title = _("No logs can be cosigned right now")
    sentence = _(
        "The service cannot cosign a log at the moment. Please try again in a few minutes."
    )
    retry_after = 120
