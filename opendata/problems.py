"""What the API answers when it can not: a problem in JSON (RFC 9457), with a code for programs and a French sentence for people."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Demande incorrecte",
    404: "Introuvable",
    405: "Méthode refusée",
    429: "Trop de demandes",
    503: "Service occupé",
}


class ProblemError(Exception):
    """Something the API refuses: its status, its code, what to do about it."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def answer(error: ProblemError, **headers: str) -> HttpResponse:
    """Write a problem as a response."""
    body: dict[str, Any] = {
        "type": f"{settings.SITE_URL}{reverse('opendata:api')}#{error.code}",
        "title": TITLES[error.status],
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    content = json.dumps(body, ensure_ascii=False)
    return HttpResponse(content, status=error.status, content_type=CONTENT_TYPE, headers=headers)
