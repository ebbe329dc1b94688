"""The database's data: what they are, told by a fingerprint, and their backup and restore."""
