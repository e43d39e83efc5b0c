"""Keeps what a webhook tells, in a small database, until it is asked back.

    pip install grpcio grpcio-tools cloudevents standardwebhooks
    python webhook_consumer.py --listen 0.0.0.0:8443 --listen-certificate cert.pem --listen-key key.pem --origin alongside.example --protos proto --server localhost:7443 --token-file token --feed FEED --database kept.db

What it shows an integrator: the question whether events are wanted is answered for the system that is expected, and for nobody else; an event is
believed once its signature is verified, with secrets that are fetched over gRPC and again when they have changed; it is answered with 204 only once
it is kept, under its id, so that one that comes twice is kept once; a recall deletes what it names and is answered.
"""

import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from kept import Kept, answer, connected, started

# More than any event has.
LARGEST = 1 << 20
# For how long secrets are used, in seconds, and how often they are fetched at most.
KEPT = 300
AT_MOST = 1


def main():
    def own(arguments):
        for name in ("--listen", "--listen-certificate", "--listen-key"):
            arguments.add_argument(name, required=True)
        arguments.add_argument("--origin", required=True, help="the DNS name of the system from which events are expected")

    arguments, messages, services, metadata = started(__doc__.splitlines()[0], own)
    host, port = arguments.listen.rsplit(":", 1)
    with connected(arguments) as channel:
        Receiver.consumer = Consumer(messages, services.FeedServiceStub(channel), metadata, arguments)
        server = ThreadingHTTPServer((host, int(port)), Receiver)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(arguments.listen_certificate, arguments.listen_key)
        # The handshake is done where it holds up nobody else.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.serve_forever()


class Consumer:
    def __init__(self, messages, service, metadata, arguments):
        self.messages, self.service, self.metadata = messages, service, metadata
        self.feed, self.database, self.origin = arguments.feed, arguments.database, arguments.origin
        self.secrets, self.fetched = [], None
        self.turn = threading.Lock()

    def verifies(self, body, headers):
        """Whether the body is what the system has signed, with a secret that is good now."""
        if not self.are_old(KEPT) and any(verifies(secret, body, headers) for secret in self.secrets):
            return True
        # Whoever signs nothing that is good costs one request a second, and no more.
        with self.turn:
            if self.are_old(AT_MOST):
                request = self.messages.GetWebhookSecretsRequest(feed_id=self.feed)
                self.secrets = list(self.service.GetWebhookSecrets(request, metadata=self.metadata).secrets)
                self.fetched = time.monotonic()
        return any(verifies(secret, body, headers) for secret in self.secrets)

    def are_old(self, seconds):
        return self.fetched is None or time.monotonic() - self.fetched > seconds

    def take(self, body):
        # A database of its own for each thread, and one event after the other.
        with self.turn:
            for recall in Kept(self.database, self.feed).keep([JSONFormat().read(None, body)]):
                answer(self.messages, self.service, self.metadata, recall)


def verifies(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    consumer = None

    def do_OPTIONS(self):
        is_expected = self.headers.get("webhook-request-origin", "").lower() == self.consumer.origin.lower()
        self.respond(200 if is_expected else 403, {"WebHook-Allowed-Origin": self.consumer.origin} if is_expected else {})

    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if not 0 <= length <= LARGEST:
            self.close_connection = True
            return self.respond(413)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            if not self.consumer.verifies(body, headers):
                return self.respond(401)
            self.consumer.take(body)
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return self.respond(503)
        self.respond(204)

    def respond(self, status, headers={}):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    main()
