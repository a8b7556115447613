def run(event, context):
    if event["data"] == b"throw":
        raise ValueError("the secret is 12345")
    return "ok"
