"""A steady stream of real requests, and a ledger that holds what each write was answered.

For tests and benches: `with Load(url) as load:` around whatever is done to the app meanwhile.
"""
