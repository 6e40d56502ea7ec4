"""The version of the package healthcode-core, which is not that of the service."""

__version__ = "1.0.0"
