"""Counting the pages that are read, outside everything that renders, keeps or refuses them."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from audience import counting


class AudienceMiddleware:
    """Count each public page that was read, from the cache or not, changed or not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if counting.is_counted(request, response):
            counting.count(request)
        return response
