"""Keeps what a feed on NATS JetStream tells, in a small database, until it is asked back.

    pip install grpcio grpcio-tools cloudevents nats-py[nkeys]
    python jetstream_consumer.py --protos proto --server localhost:7443 --token-file token --feed FEED --database kept.db

What it shows an integrator: credentials are fetched over gRPC with the system's own token, and again when NATS does not take them any more;
events are pulled through the feed's durable consumer, and acknowledged once they are kept, so that one that comes twice is kept once; a recall
deletes what it names and is answered; what was missed is asked for again.
"""

import asyncio
import sys
import tempfile
import uuid

import grpc
import nats
from cloudevents.core.formats.json import JSONFormat
from nats.errors import Error as NatsError

from kept import MISSED, Kept, answer, connected, started


def main():
    arguments, messages, services, metadata = started(__doc__.splitlines()[0])
    with connected(arguments) as channel:
        service = services.FeedServiceStub(channel)
        consumer = Consumer(messages, service, arguments.feed, metadata, arguments.database)
        asyncio.run(consumer.run())


class Consumer:
    def __init__(self, messages, service, feed, metadata, database):
        self.messages, self.service, self.feed, self.metadata = messages, service, feed, metadata
        self.kept = Kept(database, feed)

    async def run(self):
        while True:
            try:
                await self.follow()
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise SystemExit(f"{error.code().name}: {error.details()}")
                print(error.details(), file=sys.stderr)
            except (NatsError, asyncio.TimeoutError, OSError) as error:
                print(f"NATS: {error!r}", file=sys.stderr)
            await asyncio.sleep(0.5)

    async def follow(self):
        """Reads until the credentials are not taken any more, or NATS goes away."""
        access = self.service.GetNatsCredentials(self.messages.GetNatsCredentialsRequest(feed_id=self.feed), metadata=self.metadata)
        with tempfile.NamedTemporaryFile("w", suffix=".creds") as file:
            file.write(access.credentials)
            file.flush()
            # Not by itself: with what is fetched anew.
            client = await nats.connect(list(access.servers), user_credentials=file.name, allow_reconnect=False)
        try:
            stream = await client.jetstream().pull_subscribe_bind(durable=access.consumer, stream=access.stream)
            while client.is_connected:
                try:
                    await self.take(await stream.fetch(100, timeout=1))
                except nats.errors.TimeoutError:
                    pass
        finally:
            await client.close()

    async def take(self, received):
        events = [JSONFormat().read(None, message.data) for message in received]
        for event in self.kept.keep(events):
            if event.get_type() == MISSED:
                self.replay(event.get_data()["token"])
            else:
                answer(self.messages, self.service, self.metadata, event)
        for message in received:
            await message.ack()

    def replay(self, token):
        request = self.messages.ReplayFeedRequest(request_id=str(uuid.uuid4()), feed_id=self.feed, token=token)
        try:
            self.service.ReplayFeed(request, metadata=self.metadata)
        except grpc.RpcError as error:
            # It was asked for before.
            if error.code() != grpc.StatusCode.INVALID_ARGUMENT:
                raise


if __name__ == "__main__":
    main()
