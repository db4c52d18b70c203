"""A WebSocket spoken to the ASGI application directly (channels.testing would need daphne)."""

from typing import Any

from asgiref.testing import ApplicationCommunicator


class SocketCommunicator(ApplicationCommunicator):
    def __init__(
        self,
        application: Any,
        path: str,
        headers: list[tuple[bytes, bytes]],
        *,
        peer: str = "127.0.0.1",
    ):
        address, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": address,
            "query_string": query.encode(),
            "headers": headers,
            "subprotocols": [],
            "client": (peer, 1234),
        }
        super().__init__(application, scope)

    async def connect(self, timeout: float = 10) -> tuple[bool, int | None]:
        """Whether the connection was accepted, and the code if not."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout)
        return answer["type"] == "websocket.accept", answer.get("code")

    async def receive_from(self, timeout: float = 10) -> str:
        answer = await self.receive_output(timeout)
        assert answer["type"] == "websocket.send", answer
        return str(answer["text"])

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=10)
