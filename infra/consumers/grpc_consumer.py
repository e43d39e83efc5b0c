"""Keeps what a feed tells, in a small database, until it is asked back.

    pip install grpcio grpcio-tools cloudevents
    python grpc_consumer.py --protos proto --server localhost:7443 --token-file token --feed FEED --database kept.db

What it shows an integrator: an event is kept under its id, so that one that comes twice is kept once; what is kept and how far the feed has
come are written together, and acknowledged only then; a recall deletes what it names and is answered; a stream that ends is begun again,
with the token of what came last.
"""

import argparse
import json
import pathlib
import sqlite3
import sys
import time
import uuid

import grpc
from cloudevents.core.formats.json import JSONFormat

RECALL = "alongside.recall.requested.v1"
# Another stream carries the feed yet, or the server is away: both pass.
PASSES = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--protos", "--server", "--token-file", "--feed", "--database"):
        arguments.add_argument(name, required=True)
    arguments = arguments.parse_args()
    sys.path.insert(0, arguments.protos)
    messages, services = grpc.protos_and_services("alongside/feeds/v1/feed_service.proto")
    token = pathlib.Path(arguments.token_file).read_text().strip()
    consumer = Consumer(messages, arguments.feed, [("authorization", f"Bearer {token}")], arguments.database)
    while True:
        with grpc.insecure_channel(arguments.server) as channel:
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
        self.kept = sqlite3.connect(database, isolation_level=None)
        self.kept.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, person TEXT, type TEXT, data TEXT)")
        self.kept.execute("CREATE TABLE IF NOT EXISTS place (feed TEXT PRIMARY KEY, token TEXT)")

    def follow(self, service):
        place = self.kept.execute("SELECT token FROM place WHERE feed = ?", [self.feed]).fetchone()
        request = self.messages.SubscribeRequest(feed_id=self.feed, token=place[0] if place else "")
        try:
            self.take_all(service, request)
        except grpc.RpcError as error:
            # What was acknowledged since needs no token.
            if not place or error.code() != grpc.StatusCode.INVALID_ARGUMENT:
                raise
            self.take_all(service, self.messages.SubscribeRequest(feed_id=self.feed))

    def take_all(self, service, request):
        for answer in service.Subscribe(request, metadata=self.metadata):
            recalls = self.keep(answer)
            for recall in recalls:
                self.answer(service, recall)
            kept = self.messages.AcknowledgeRequest(feed_id=self.feed, token=answer.token)
            service.Acknowledge(kept, metadata=self.metadata)

    def keep(self, answer):
        """Keeps the events and the place in one transaction. Returns the recalls among them."""
        events = [JSONFormat().read(None, delivered.cloud_event) for delivered in answer.events]
        self.kept.execute("BEGIN IMMEDIATE")
        for event in events:
            if event.get_type() == RECALL:
                for item in event.get_data()["recalled"]:
                    self.kept.execute("DELETE FROM event WHERE id = ?", [item["id"]])
            else:
                row = [event.get_id(), event.get_subject(), event.get_type(), json.dumps(event.get_data())]
                self.kept.execute("INSERT INTO event VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
        place = "INSERT INTO place VALUES (?, ?) ON CONFLICT (feed) DO UPDATE SET token = excluded.token"
        self.kept.execute(place, [self.feed, answer.token])
        self.kept.execute("COMMIT")
        return [event for event in events if event.get_type() == RECALL]

    def answer(self, service, recall):
        answer = self.messages.AnswerRecallRequest(
            request_id=str(uuid.uuid4()),
            recall_id=recall.get_data()["recallId"],
            answer=self.messages.RECALL_ANSWER_ERASED,
        )
        service.AnswerRecall(answer, metadata=self.metadata)


if __name__ == "__main__":
    main()
