"""The errors of this package. Any input from outside gives one of these or a result."""


class CoreError(ValueError):
    """The base class: catch it to catch every error about input."""


class MalformedCode(CoreError):
    """Raised for a text that is not a code, or a code with content that no code may have."""


class CodeTooLarge(CoreError):
    """Raised for a code beyond its kind's QR version, because a cheap phone cannot read it."""


class MalformedKey(CoreError):
    """Raised for a key or key set that cannot be read, or of a kind that is not in use."""


class MalformedStatusList(CoreError):
    """Raised for a status list that cannot be read, or that is larger than the limit."""


class MalformedTrustList(CoreError):
    """Raised for a trust list that cannot be read."""


class MalformedMetadata(CoreError):
    """Raised if what an issuer publishes about itself cannot be read."""


class MalformedRules(CoreError):
    """Raised for a door's rules that cannot be read."""


class NotTrusted(CoreError):
    """Raised for a list that nobody entitled to it has signed, or that is not in force now."""


class WentBackwards(NotTrusted):
    """Raised for a trust list older than the one already held."""


class MalformedLog(CoreError):
    """A checkpoint, a tile or a proof file of a log that cannot be read."""


class NotGenuine(MalformedLog):
    """Raised for a note with a signature of a known key that this key did not make."""


class ProofFails(CoreError):
    """A proof that does not show what it should: another leaf, another tree."""
