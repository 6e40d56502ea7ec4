"""What a person may ask of the whole service: everything it knows of them, and to be forgotten."""
