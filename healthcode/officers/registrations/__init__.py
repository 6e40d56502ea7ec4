"""Officers merge the registrations of one person with several documents, and separate them."""
