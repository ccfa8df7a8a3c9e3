"""FranceConnect: the State vouches for a person. Off, without a route nor a button, until it is configured.

Source: mediation-law-places FC-01 to FC-06. django-allauth's OpenID Connect provider sends no nonce, reads userinfo as
plain JSON only and lets the address bar choose parameters; this package adds what FranceConnect asks for.
"""
