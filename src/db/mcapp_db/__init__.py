"""What a member of the database in mode ha runs beside Patroni."""
