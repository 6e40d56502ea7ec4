"""What this package raises. Any bytes or text from outside end in one of these or in a result."""


class CoreError(ValueError):
    """The root: catch this to catch everything that the package raises about its input."""


class MalformedCode(CoreError):
    """A text that is no code, or a code whose content no code can have."""


class CodeTooLarge(CoreError):
    """A code that a cheap phone could not read at once: beyond the QR version of its kind."""


class MalformedKey(CoreError):
    """A key or key set that cannot be read, or of a kind that is not in use here."""


class MalformedStatusList(CoreError):
    """A status list token that cannot be read, or whose size is beyond what is in use here."""


class MalformedTrustList(CoreError):
    """A trust list that cannot be read."""


class MalformedMetadata(CoreError):
    """What an issuer publishes about itself cannot be read."""


class MalformedRules(CoreError):
    """Rules of a door that cannot be read."""


class NotTrusted(CoreError):
    """A list that nobody entitled to it has signed, or that is not in force at this time."""


class WentBackwards(NotTrusted):
    """A trust list older than the one already held."""


class MalformedLog(CoreError):
    """A checkpoint, a tile or a proof file of a log that cannot be read."""


class ProofFails(CoreError):
    """A proof that does not show what it should: another leaf, another tree."""
