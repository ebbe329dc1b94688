"""The tests: a folder for each part of the project, and `support` for what several of them use."""
