"""The service's settings, with the bare views beside its own addresses."""

from healthcode.settings import *  # noqa: F403 - all of them

ROOT_URLCONF = "tests.bench.bare"
