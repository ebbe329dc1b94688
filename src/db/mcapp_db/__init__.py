"""What a member of the database in mode ha runs: Patroni, and the commands around it."""
