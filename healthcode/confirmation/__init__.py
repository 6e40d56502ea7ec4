"""A second officer confirms what another officer proposed, exactly as the proposer saw it."""
