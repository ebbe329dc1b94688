"""ASGI applications around FastAPI's, one class in each module; `app.py` puts them in order."""
