"""Fixtures for the tests of the audit: the policy in force, and applied to everybody."""

import pytest

from healthcode.acts.log.entries import append_older_acts
from healthcode.colours.models import Cause, Policy, Recomputation, RecomputationState
from healthcode.colours.policy import RuleSet
from tests.colours import world


@pytest.fixture
def policy(db: None) -> RuleSet:
    """Publish the default policy, in force and applied since long ago."""
    published = world.publish()
    Recomputation.objects.create(
        cause=Cause.POLICY,
        act=Policy.objects.get(version=published.version).act,
        state=RecomputationState.DONE,
        finished_at=world.LONG_AGO,
    )
    # The world makes the act of a policy without a leaf.
    append_older_acts()
    return published
