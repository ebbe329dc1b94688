"""Options that more than one command has."""

from __future__ import annotations

from mcapp.errors import UserError

# On three nodes and more the database runs in mode ha. kind's nodes share one machine, so five are many.
DB_NODES = (1, 3, 4, 5)


def db_nodes(text: str) -> int:
    """Read how many nodes the database gets; UserError for a number that makes no sense."""
    for count in DB_NODES:
        if text == str(count):
            return count
    why = f"{text!r} is no number of nodes for the database."
    if text == "2":
        why = (
            "Of two nodes for the database, one alone is no majority: it could not take over from the other."
        )
    raise UserError(why, "Ask for 1 node, or for 3 to 5.")
