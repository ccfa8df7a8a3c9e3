"""Keeping what somebody says about themselves beside an act, so that no one is sent away in the middle of a sentence."""

import datetime as dt

from accounts import actions
from accounts.models import User
from consultations.forms import ProfileForm


def complete(user: User, form: ProfileForm, *, at: dt.datetime) -> None:
    """Store the answers of a valid form: a public name, a year of birth, a district; nothing for a form that asked nothing."""
    given = form.cleaned_data
    if given.get("public_name") or given.get("birth_year"):
        actions.update_profile(
            user=user,
            public_name=given.get("public_name") or user.public_name,
            birth_year=given.get("birth_year") or user.birth_year,
            language=user.language,
            scheme=user.scheme,
        )
    if given.get("district"):
        actions.declare_residency(user=user, district=given["district"], at=at)
