"""An invented city with any number of people, for measurements and for trying things.

The same seed gives the same city. Its people have homes, households, journeys and illnesses, but no
names. The vault stays empty, because nothing that the service does to millions at once opens it.
"""
