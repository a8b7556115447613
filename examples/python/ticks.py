"""Server-sent events: one a second, ten in all."""

import time


def run(event, context):
    return event["extensions"]["request"].stream(ticks(), content_type="text/event-stream")


def ticks():
    for number in range(10):
        yield f"data: {number}\n\n"
        time.sleep(1)
