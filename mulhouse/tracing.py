"""The number of the request being answered: in each log line, and on the error pages for the help desk."""

import logging
import re
import secrets
from contextvars import ContextVar

ACCEPTABLE = re.compile(r"[A-Za-z0-9-]{8,64}\Z")
request_id: ContextVar[str] = ContextVar("request_id", default="-")


def new_id(given: str = "") -> str:
    """Take the number a trusted proxy gave, when it looks like one, or draw one."""
    return given if ACCEPTABLE.match(given) else secrets.token_hex(8)


class RequestIdFilter(logging.Filter):
    """Give each log line the number of the request being answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through."""
        record.request_id = request_id.get()
        return True
