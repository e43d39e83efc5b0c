"""What a consumer of a feed keeps, in a small database, until it is asked back.

An event is kept under its id, so that one that comes twice is kept once. What is kept and how far the feed has come are written together. A
recall deletes what it names.
"""

import argparse
import json
import pathlib
import sqlite3
import sys
import uuid

import grpc

RECALL = "alongside.recall.requested.v1"
# Events that nobody took in time have fallen out of a stream.
MISSED = "alongside.feed.missed.v1"


def started(about, own=lambda arguments: None):
    """What a consumer is started with: its arguments and its own, the messages and services of feeds, and what it calls as."""
    arguments = argparse.ArgumentParser(description=about)
    own(arguments)
    for name in ("--protos", "--server", "--token-file", "--feed", "--database"):
        arguments.add_argument(name, required=True)
    for name in ("--authority", "--certificate", "--private-key"):
        arguments.add_argument(name, help="a PEM file: whose certificate the server has, which one to show, and its key")
    arguments = arguments.parse_args()
    sys.path.insert(0, arguments.protos)
    messages, services = grpc.protos_and_services("alongside/feeds/v1/feed_service.proto")
    token = pathlib.Path(arguments.token_file).read_text().strip()
    return arguments, messages, services, [("authorization", f"Bearer {token}")]


def connected(arguments):
    """A channel to the server: over TLS when it is said whose certificate it has, showing the certificate that the token is bound to."""
    if not arguments.authority:
        return grpc.insecure_channel(arguments.server)
    authority, certificate, key = (
        pathlib.Path(file).read_bytes() if file else None
        for file in (arguments.authority, arguments.certificate, arguments.private_key)
    )
    return grpc.secure_channel(arguments.server, grpc.ssl_channel_credentials(authority, key, certificate))


class Kept:
    def __init__(self, database, feed):
        self.feed = feed
        self.database = sqlite3.connect(database, isolation_level=None)
        self.database.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, person TEXT, type TEXT, data TEXT)")
        self.database.execute("CREATE TABLE IF NOT EXISTS place (feed TEXT PRIMARY KEY, token TEXT)")

    def place(self):
        place = self.database.execute("SELECT token FROM place WHERE feed = ?", [self.feed]).fetchone()
        return place[0] if place else ""

    def keep(self, events, place=""):
        """Keeps the events and the place in one transaction. Returns those that are to be acted on: recalls, and what was missed."""
        self.database.execute("BEGIN IMMEDIATE")
        for event in events:
            if event.get_type() == RECALL:
                for item in event.get_data()["recalled"]:
                    self.database.execute("DELETE FROM event WHERE id = ?", [item["id"]])
            elif event.get_type() != MISSED:
                row = [event.get_id(), event.get_subject(), event.get_type(), json.dumps(event.get_data())]
                self.database.execute("INSERT INTO event VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
        if place:
            upsert = "INSERT INTO place VALUES (?, ?) ON CONFLICT (feed) DO UPDATE SET token = excluded.token"
            self.database.execute(upsert, [self.feed, place])
        self.database.execute("COMMIT")
        return [event for event in events if event.get_type() in (RECALL, MISSED)]


def answer(messages, service, metadata, recall):
    """Answers a recall: what it names is erased."""
    request = messages.AnswerRecallRequest(
        request_id=str(uuid.uuid4()),
        recall_id=recall.get_data()["recallId"],
        answer=messages.RECALL_ANSWER_ERASED,
    )
    service.AnswerRecall(request, metadata=metadata)
