"""A mail server for the tests: real SMTP on a local port, told what to answer, counting what it accepted."""

import asyncio
import email
import threading
from email.policy import default

from aiosmtpd.controller import Controller


class Inbox:
    """What was accepted, in order, and what to answer."""

    def __init__(self):
        self.accepted = []
        self.raw = []  # the same, as the bytes that came
        self.seen = 0
        self.answers = []  # taken one by one; then 250
        self.refused = {}  # what is answered to an address, before any message
        self.hold_at = None  # the number of the message at which the server stops answering
        self.holding = threading.Event()
        self.go_on = threading.Event()

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802 (aiosmtpd's name)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.seen += 1
        message = email.message_from_bytes(envelope.content, policy=default)
        if self.seen == self.hold_at:
            self.holding.set()
            # When the client goes away meanwhile, this coroutine is cancelled: the message is not accepted.
            await asyncio.get_running_loop().run_in_executor(None, self.go_on.wait, 200)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.accepted.append(message)
            self.raw.append(envelope.content)
        return answer

    @property
    def ids(self):
        return [message["Message-ID"] for message in self.accepted]


class _OnFreePort(Controller):
    """aiosmtpd tries its own port 0 as it stands; the system has chosen another."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    """Context manager: a server on a free port of 127.0.0.1."""

    def __init__(self):
        self.inbox = Inbox()
        self._controller = _OnFreePort(self.inbox, hostname="127.0.0.1", port=0)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *error):
        self.inbox.go_on.set()
        self._controller.stop()

    @property
    def port(self):
        return self._controller.port
