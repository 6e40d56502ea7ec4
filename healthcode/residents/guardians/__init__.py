"""Who looks after a person, and the code by which one more account can."""
