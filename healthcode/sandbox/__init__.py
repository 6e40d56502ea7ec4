"""A sandbox issuer: codes that say they are specimens, good and bad, for partners to test with."""

from healthcode.sandbox.issuer import is_specimen, key_set, knowledge, status_list
from healthcode.sandbox.specimens import Specimen, specimens

__all__ = ["Specimen", "is_specimen", "key_set", "knowledge", "specimens", "status_list"]
