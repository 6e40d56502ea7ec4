"""Officers publish risk maps, which give areas their risk levels."""
