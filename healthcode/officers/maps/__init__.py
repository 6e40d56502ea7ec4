"""Publishing risk maps."""
