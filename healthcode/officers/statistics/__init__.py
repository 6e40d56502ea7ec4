"""How many people have which colour, without telling of any few."""
