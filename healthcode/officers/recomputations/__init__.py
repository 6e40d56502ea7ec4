"""Watch the progress of a recomputation: the work of deciding many people's colours anew."""
