"""Whether it is proven that an account may look after a person, and how to prove it."""
