"""How many people have which colour, by county, without showing small groups."""
