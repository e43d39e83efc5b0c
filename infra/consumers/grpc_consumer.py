"""Keeps what a feed tells, in a small database, until it is asked back.

    pip install grpcio grpcio-tools cloudevents
    python grpc_consumer.py --protos proto --server localhost:7443 --token-file token --feed FEED --database kept.db

What it shows an integrator: an event is kept under its id, so that one that comes twice is kept once; what is kept and how far the feed has
come are written together, and acknowledged only then; a recall deletes what it names and is answered; a stream that ends is begun again,
with the token of what came last.
"""

import sys
import time

import grpc
from cloudevents.core.formats.json import JSONFormat

from kept import Kept, answer, connected, started

# Another stream carries the feed yet, or the server is away: both pass.
PASSES = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN}


def main():
    arguments, messages, services, metadata = started(__doc__.splitlines()[0])
    consumer = Consumer(messages, arguments.feed, metadata, arguments.database)
    while True:
        with connected(arguments) as channel:
            try:
                consumer.follow(services.FeedServiceStub(channel))
            except grpc.RpcError as error:
                if error.code() not in PASSES:
                    raise SystemExit(f"{error.code().name}: {error.details()}")
                print(error.details(), file=sys.stderr)
        time.sleep(0.5)


class Consumer:
    def __init__(self, messages, feed, metadata, database):
        self.messages, self.feed, self.metadata = messages, feed, metadata
        self.kept = Kept(database, feed)

    def follow(self, service):
        place = self.kept.place()
        try:
            self.take_all(service, self.messages.SubscribeRequest(feed_id=self.feed, token=place))
        except grpc.RpcError as error:
            # What was acknowledged since needs no token.
            if not place or error.code() != grpc.StatusCode.INVALID_ARGUMENT:
                raise
            self.take_all(service, self.messages.SubscribeRequest(feed_id=self.feed))

    def take_all(self, service, request):
        for received in service.Subscribe(request, metadata=self.metadata):
            events = [JSONFormat().read(None, delivered.cloud_event) for delivered in received.events]
            for recall in self.kept.keep(events, received.token):
                answer(self.messages, service, self.metadata, recall)
            kept = self.messages.AcknowledgeRequest(feed_id=self.feed, token=received.token)
            service.Acknowledge(kept, metadata=self.metadata)


if __name__ == "__main__":
    main()
