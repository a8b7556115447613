import time


def run(event, context):
    kind, _, seconds = event["data"].decode("utf-8").partition(" ")
    if kind == "wait":
        time.sleep(float(seconds))
    while kind == "stuck":
        pass
    return "ok"
