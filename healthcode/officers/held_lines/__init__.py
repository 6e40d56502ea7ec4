"""Officers confirm or reject the lines of sources that go beyond their grants."""
