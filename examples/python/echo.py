"""Gives back what it got."""


def run(event, context):
    return event["data"]
