"""Moving the database to another node: planned, done step by step, stopped and gone on with, undone."""
