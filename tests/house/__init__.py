"""The house's own order, for whoever adds the next member, room or page; needs no server."""
