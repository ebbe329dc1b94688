"""How fast the api is: what bench/api.py measures with, and what it writes."""
