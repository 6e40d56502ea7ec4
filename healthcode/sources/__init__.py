"""Source systems (laboratories, carriers, hotels) report evidence, and where people were."""
