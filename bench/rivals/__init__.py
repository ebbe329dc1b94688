"""Other ways of writing the api, measured beside it."""
