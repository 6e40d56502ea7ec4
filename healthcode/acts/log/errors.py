"""What can be wrong with the public log. Each is a sentence for the operator."""


class LogFault(Exception):
    """The log cannot be extended or read. The sentence says what an operator can do.

    Acts are still recorded: their leaves wait.
    """
