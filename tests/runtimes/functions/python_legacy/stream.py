def run(event, context):
    return (part + "\n" for part in ("one", "two", "three"))
