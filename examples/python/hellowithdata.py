"""Logs the event and gives its data back."""


def handler(event, context):
    print(event)
    return event["data"]
