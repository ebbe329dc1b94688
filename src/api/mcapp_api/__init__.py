"""The api tier: tasks over HTTP, kept in PostgreSQL."""
