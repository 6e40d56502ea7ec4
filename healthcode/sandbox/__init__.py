"""An issuer of specimens: good and bad codes with which partners test their verifiers."""

from healthcode.sandbox.issuer import is_specimen, key_set, knowledge, status_list
from healthcode.sandbox.specimens import Specimen, specimens

__all__ = ["Specimen", "is_specimen", "key_set", "knowledge", "specimens", "status_list"]
