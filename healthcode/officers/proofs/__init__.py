"""Officers see the document of somebody at their desk, which proves who the person is."""
