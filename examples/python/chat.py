"""A WebSocket that sends back what it receives."""


async def run(event, context):
    socket = await event["extensions"]["request"].websocket()
    async for message in socket:
        await socket.send(message)
