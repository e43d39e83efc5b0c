"""A real mail server for the tests, over TLS and for who signs in: what it takes it writes to a file, a message a line.

Nobody is at `nobody@…`. Of `hangs@…` it takes the first message and never says so.
"""

import json
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Mailboxes:
    def __init__(self, file):
        self.file = file
        self.hung = False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 nobody is here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        with open(self.file, "a") as file:
            file.write(json.dumps({"to": envelope.rcpt_tos, "from": envelope.mail_from, "data": envelope.content.decode()}) + "\n")
        if envelope.rcpt_tos[0].startswith("hangs@") and not self.hung:
            self.hung = True
            while True:
                time.sleep(1)
        return "250 taken"


def main():
    port, file, certificate, key, user, password = sys.argv[1:]
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    def signs_in(server, session, envelope, mechanism, data):
        # Not handled: the server says so itself.
        return AuthResult(success=data.login.decode() == user and data.password.decode() == password, handled=False)

    controller = Controller(
        Mailboxes(file),
        hostname="127.0.0.1",
        port=int(port),
        tls_context=tls,
        require_starttls=True,
        authenticator=signs_in,
        auth_required=True,
    )
    controller.start()
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
