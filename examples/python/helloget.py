"""Answers a call without data."""


def foo(event, context):
    return "hello world"
