"""Officers end that somebody looks after a person, so that the rightful holder does."""
