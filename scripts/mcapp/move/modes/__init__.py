"""Moving the database to another db.mode: from one server to several, and back."""
