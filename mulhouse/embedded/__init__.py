"""The database and the broker that `make run` starts where no address is configured.

Nothing here runs in production: there DATABASE_URL and REDIS_URL name servers that somebody looks after.
"""
