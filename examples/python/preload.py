"""Takes its time to be imported, once: calls are quick."""

import time

time.sleep(2)


def handler(event, context):
    return "hello world"
