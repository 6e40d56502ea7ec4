"""A guardian no longer looks after a person, for whom somebody else is proven to care."""
