"""A steady stream of real requests, and a ledger of what each write was promised.

For the tests and the benches: `with Load(url) as load:` around whatever is done to the app meanwhile.
"""
