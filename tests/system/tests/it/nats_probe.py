"""Tries, with the credentials of one agency, all that it must not be able to do; prints what came of it."""

import asyncio
import json
import sys

import nats


async def main(servers, credentials, own, others, missing, log):
    violations = []

    async def on_error(error):
        violations.append(str(error))

    client = await nats.connect(servers, user_credentials=credentials, error_cb=on_error, allow_reconnect=False)
    heard = []

    async def hear(message):
        heard.append(message.subject)

    # Whatever is said anywhere: of all this only the inbox is allowed, and it is the agency's own.
    wished = [">", "*.>", "feed.>", "log.>", "log_nudge", "$JS.>", "$SYS.>", "$JS.API.>", "$JS.EVENT.ADVISORY.>", "_INBOX.>"]
    for subject in wished:
        await client.subscribe(subject, cb=hear)
    answers = {}
    wishes = ["$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$SYS.REQ.USER.INFO", "$SYS.REQ.SERVER.PING"]
    for stream in (others, missing, log):
        wishes += [f"$JS.API.STREAM.INFO.{stream}", f"$JS.API.CONSUMER.LIST.{stream}", f"$JS.API.CONSUMER.INFO.{stream}.reader"]
        wishes += [f"$JS.API.CONSUMER.MSG.NEXT.{stream}.reader", f"$JS.API.STREAM.MSG.GET.{stream}", f"$JS.API.STREAM.PURGE.{stream}"]
    wishes += [f"$JS.API.STREAM.PURGE.{own}", f"$JS.API.STREAM.DELETE.{own}", f"$JS.API.STREAM.CREATE.{own}-2"]
    wishes += [f"$JS.API.CONSUMER.CREATE.{own}", f"$JS.API.STREAM.MSG.GET.{own}", f"feed.{own[5:]}", f"feed.{others[5:]}"]
    for wish in wishes:
        try:
            answers[wish] = (await client.request(wish, b"", timeout=0.2)).data.decode()
        except Exception as error:
            answers[wish] = type(error).__name__
    # Has its own events sent to where another agency's stand.
    await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{own}.reader", b"1", reply=f"feed.{others[5:]}")
    await client.flush()
    await asyncio.sleep(0.5)
    heard_elsewhere = sorted({subject for subject in heard if not subject.startswith("_INBOX.")})
    read = await client.jetstream().pull_subscribe_bind(durable="reader", stream=own)
    events = []
    try:
        for message in await read.fetch(10, timeout=2):
            events.append(json.loads(message.data))
            await message.ack_sync()
    except nats.errors.TimeoutError:
        pass
    print(json.dumps({"events": events, "heard": heard_elsewhere, "answers": answers, "violations": violations}))
    await client.close()


arguments = json.loads(sys.argv[1])
asyncio.run(main(**arguments))
