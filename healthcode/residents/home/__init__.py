"""Where a person lives: whoever looks after them says that they have moved."""
