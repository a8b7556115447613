def run(event, context):
    request = event["extensions"]["request"]
    return {
        "event": {name: event["event-" + name] for name in ("id", "type", "time", "namespace")},
        "context": {
            "name": context["function-name"],
            "timeout": context["timeout"],
            "runtime": context["runtime"],
            "memory": context["memory-limit"],
        },
        "request": {
            "method": request.method,
            "path": request.path,
            "query": request.query.get("q"),
            "header": request.get_header("X-Test"),
        },
        "ce": {name: value for name, value in event["extensions"].items() if name.startswith("ce-")},
    }
