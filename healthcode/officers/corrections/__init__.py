"""Officers correct a name, a home or a document number, with the document before their eyes."""
