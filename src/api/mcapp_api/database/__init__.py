"""The way to PostgreSQL. `client` is what the routes use; `watcher` keeps it connected."""
