"""As much of Slack as an app in Socket Mode needs: two methods of its web API, the socket, and `response_url`s."""

import asyncio
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

BOT_TOKEN, APP_TOKEN = "xoxb-a-bots-token", "xapp-an-apps-token"
TRAINER, STRANGER = "U0TRAINER", "U0STRANGER"
CHANNEL, TRAINERS_CHANNEL = "C0GENERAL", "C0TRAINERS"
SECONDS = 60

Json = dict[str, Any]


class SlackServer:
    """One workspace, in which one app is installed."""

    def __init__(self) -> None:
        self.connections = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._numbers = count(1)
        self._acknowledged: dict[str, asyncio.Event] = {}
        self._responses: dict[str, asyncio.Queue[Json]] = {}
        self._is_ready = asyncio.Event()
        self._runner = web.AppRunner(self._application(), shutdown_timeout=0.1)
        self._url = ""

    @property
    def api_base(self) -> str:
        return f"{self._url}/api/"

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def ready(self) -> None:
        """Return once an app listens at a socket."""
        async with asyncio.timeout(SECONDS):
            await self._is_ready.wait()

    async def drop(self) -> None:
        """Close the socket, as Slack does every few hours."""
        self.forget()
        await self._sockets[-1].close()

    def forget(self) -> None:
        """Wait for the next app to listen, now that the last one is gone."""
        self._is_ready.clear()

    async def command(self, name: str, text: str = "", *, user: str = TRAINER, channel: str = CHANNEL) -> Json:
        """Have a member use a slash command; return the message that they end up with."""
        who = {"user_id": user, "channel_id": channel, "team_id": "T0", "command": name, "text": text}
        return await self._exchange("slash_commands", who)

    async def press(self, message: Json, action_id: str, *, user: str = TRAINER, channel: str = CHANNEL) -> Json:
        """Have a member press a button of a message; return what becomes of the message."""
        (buttons,) = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
        (button,) = [button for button in buttons if button["action_id"] == action_id]
        clicked = {"type": "block_actions", "user": {"id": user}, "channel": {"id": channel}, "team": {"id": "T0"}}
        return await self._exchange("interactive", {**clicked, "actions": [{**button, "block_id": "b"}]})

    async def _exchange(self, kind: str, payload: Json) -> Json:
        """Send an envelope, and return what is posted to its `response_url` once it was acknowledged."""
        envelope_id = f"envelope-{next(self._numbers)}"
        acknowledged = self._acknowledged[envelope_id] = asyncio.Event()
        responses = self._responses[envelope_id] = asyncio.Queue()
        payload = {**payload, "response_url": f"{self._url}/respond/{envelope_id}"}
        await self.ready()
        await self._sockets[-1].send_json({"envelope_id": envelope_id, "type": kind, "payload": payload})
        async with asyncio.timeout(SECONDS):
            response = await responses.get()
            await acknowledged.wait()
        assert response.get("response_type", "ephemeral") == "ephemeral"
        assert all(len(block["text"]["text"]) <= 3000 for block in response.get("blocks", ()) if "text" in block)
        return response

    def _application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.post("/api/auth.test", self._test_auth),
                web.post("/api/apps.connections.open", self._open_connection),
                web.get("/link", self._serve_socket),
                web.post("/respond/{envelope}", self._take_response),
            ]
        )
        return application

    async def _test_auth(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return web.json_response({"ok": True, "team_id": "T0", "user_id": "U0BOT", "bot_id": "B0", "team": "us"})

    async def _open_connection(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {APP_TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return web.json_response({"ok": True, "url": f"{self._url.replace('http', 'ws')}/link?ticket=1"})

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        self.connections += 1
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._is_ready.set()
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            self._acknowledged[message.json()["envelope_id"]].set()
        return socket

    async def _take_response(self, request: web.Request) -> web.Response:
        self._responses[request.match_info["envelope"]].put_nowait(await request.json())
        return web.Response(text="ok")
