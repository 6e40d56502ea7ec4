"""The health code service."""

__version__ = "1.0.0"
