"""Other ways to write the api, measured beside it."""
