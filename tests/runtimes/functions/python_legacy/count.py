calls = 0


def run(event, context):
    global calls  # noqa: PLW0603 - that it lives on is what is tested
    calls += 1
    return str(calls)
