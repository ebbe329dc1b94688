"""What a member of the database in mode ha runs: Patroni, and what it calls or what goes on around it."""
