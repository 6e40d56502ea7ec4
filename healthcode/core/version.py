"""The version of the package healthcode-core, which differs from the service's."""

__version__ = "1.0.0"
