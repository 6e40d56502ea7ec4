"""The database engine; Django wants it in a module of this name.

Before the first statement of a request Django sees whether its kept connection still lives, so
that a restart of the database fails nobody's request. It asks the server for that, a statement more
with each request; what the server did is already known on this side.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's."""

    def is_usable(self) -> bool:
        """Whether the kept connection can be used.

        Between two requests a server sends nothing but its farewell: where there is nothing to
        read, it has not gone. Where there is, Django's own way tells.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection, select.POLLIN)
        return not waiting.poll(0) or super().is_usable()
