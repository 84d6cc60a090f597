"""As much of Discord as a bot with slash commands needs: its gateway, and its HTTP API, on this machine."""

import asyncio
import json
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "a-bots-token"
APPLICATION, GUILD, CHANNEL = 100000000000000001, 200000000000000001, 300000000000000001
TRAINERS_ROLE = 400000000000000001
TRAINER, STRANGER = 500000000000000001, 500000000000000002

COMMAND, BUTTON, AUTOCOMPLETE = 2, 3, 4
EPHEMERAL = 64
SECONDS = 60

Json = dict[str, Any]


class Op(IntEnum):
    """What a message on the gateway is."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    HELLO = 10
    HEARTBEAT_ACK = 11


@dataclass
class Exchange:
    """An interaction, and what the bot did about it."""

    acknowledged: asyncio.Future[Json]
    edited: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)


class DiscordServer:
    """One server (guild) with one channel, and one application that was added to it."""

    def __init__(self) -> None:
        self.commands: list[Json] = []
        self.sessions: list[Op] = []  # how each connection to the gateway began: IDENTIFY or RESUME
        self._exchanges: dict[str, Exchange] = {}
        self._numbers = count(600000000000000001)
        self._gateway: web.WebSocketResponse | None = None
        self._is_ready = asyncio.Event()
        self._runner = web.AppRunner(self._application(), shutdown_timeout=0.1)
        self.port = 0

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def ready(self) -> None:
        """Return once a bot is connected and knows its server."""
        async with asyncio.timeout(SECONDS):
            await self._is_ready.wait()

    async def drop(self) -> None:
        """Close the gateway's connection, as Discord does when it moves a bot to another host."""
        assert self._gateway is not None
        self._is_ready.clear()
        await self._gateway.close(code=4000)

    async def command(self, name: str, *, user: int = TRAINER, roles: tuple[int, ...] = (), **options: str) -> Json:
        """Have a member use a slash command; return the message that they end up with."""
        given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        data = {"id": str(next(self._numbers)), "type": 1, "name": name, "options": given, "guild_id": str(GUILD)}
        exchange = await self._interact(COMMAND, data, user, roles)
        acknowledgement = await self._in_time(exchange.acknowledged)
        assert acknowledgement["type"] == 5, "the answer follows"
        assert acknowledgement["data"]["flags"] == EPHEMERAL
        return await self._in_time(exchange.edited.get())

    async def press(self, message: Json, *, user: int = TRAINER, roles: tuple[int, ...] = ()) -> Json:
        """Have a member press the one button of a message; return what the message becomes."""
        ((button,),) = [row["components"] for row in message["components"]]
        data = {"custom_id": button["custom_id"], "component_type": 2}
        exchange = await self._interact(BUTTON, data, user, roles, message=self._message(message))
        assert (await self._in_time(exchange.acknowledged))["type"] == 6, "the message is edited later"
        return await self._in_time(exchange.edited.get())

    async def suggestions(
        self, name: str, *, user: int = TRAINER, roles: tuple[int, ...] = (), **typed: str
    ) -> list[Json]:
        """Return what a member is offered who has typed so much of a command."""
        ((key, value),) = typed.items()
        options = [{"name": key, "type": 3, "value": value, "focused": True}]
        data = {"id": "1", "type": 1, "name": name, "options": options, "guild_id": str(GUILD)}
        exchange = await self._interact(AUTOCOMPLETE, data, user, roles)
        choices: list[Json] = (await self._in_time(exchange.acknowledged))["data"]["choices"]
        return choices

    async def _interact(self, kind: int, data: Json, user: int, roles: tuple[int, ...], **more: Any) -> Exchange:
        number = next(self._numbers)
        exchange = self._exchanges[f"token-{number}"] = Exchange(asyncio.get_running_loop().create_future())
        await self.ready()
        await self._dispatch(
            "INTERACTION_CREATE",
            {
                "id": str(number),
                "type": kind,
                "token": f"token-{number}",
                "version": 1,
                "application_id": str(APPLICATION),
                "attachment_size_limit": 0,
                "guild_id": str(GUILD),
                "guild": {"id": str(GUILD), "features": []},
                "channel": {"id": str(CHANNEL), "type": 0},
                "member": {"user": _user(user), "roles": [str(role) for role in roles], "flags": 0, "permissions": "0"},
                "data": data,
                **more,
            },
        )
        return exchange

    async def _in_time(self, awaited: Any) -> Json:
        async with asyncio.timeout(SECONDS):
            answer: Json = await awaited
            return answer

    async def _dispatch(self, event: str, data: Json) -> None:
        assert self._gateway is not None
        await self._gateway.send_json({"op": Op.DISPATCH, "t": event, "s": next(self._numbers), "d": data})

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_authorized])
        application.add_routes(
            [
                web.get("/api/users/@me", self._me),
                web.get("/api/oauth2/applications/@me", self._own_application),
                web.get("/api/gateway/bot", self._find_gateway),
                web.put("/api/applications/{application}/guilds/{guild}/commands", self._put_commands),
                web.put("/api/applications/{application}/commands", self._put_commands),
                web.post("/api/interactions/{id}/{token}/callback", self._acknowledge),
                web.patch("/api/webhooks/{application}/{token}/messages/@original", self._edit),
                web.get("/gateway/", self._serve_gateway),
            ]
        )
        return application

    async def _me(self, _: web.Request) -> web.Response:
        return _json(_user(APPLICATION))

    async def _own_application(self, _: web.Request) -> web.Response:
        told = {"id": str(APPLICATION), "name": "axo", "description": "", "icon": None, "bot_public": False}
        return _json({**told, "bot_require_code_grant": False, "owner": _user(TRAINER), "verify_key": "", "flags": 0})

    async def _find_gateway(self, _: web.Request) -> web.Response:
        url = f"ws://127.0.0.1:{self.port}/gateway/"
        return _json({"url": url, "shards": 1, "session_start_limit": {}})

    async def _put_commands(self, request: web.Request) -> web.Response:
        if request.match_info.get("guild", str(GUILD)) != str(GUILD):
            return _json({"code": 50001, "message": "Missing Access"}, status=403)
        self.commands = await request.json()
        return _json(
            [
                {**command, "id": str(next(self._numbers)), "application_id": str(APPLICATION)}
                for command in self.commands
            ]
        )

    async def _acknowledge(self, request: web.Request) -> web.Response:
        self._exchanges[request.match_info["token"]].acknowledged.set_result(await request.json())
        return _json({"interaction": {"id": request.match_info["id"], "type": COMMAND}})

    async def _edit(self, request: web.Request) -> web.Response:
        exchange = self._exchanges[request.match_info["token"]]
        if not exchange.acknowledged.done():
            return _json({"code": 10015, "message": "Unknown Webhook"}, status=404)
        edited = await request.json()
        if len(edited["content"]) > 2000:
            return _json({"code": 50035, "message": "Invalid Form Body"}, status=400)
        exchange.edited.put_nowait(edited)
        return _json(self._message(edited))

    def _message(self, edited: Json) -> Json:
        return {
            "id": str(next(self._numbers)),
            "channel_id": str(CHANNEL),
            "author": _user(APPLICATION),
            "type": 20,
            "content": edited["content"],
            "components": edited.get("components") or [],
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "embeds": [],
            "attachments": [],
            "mentions": [],
            "mention_roles": [],
        }

    async def _serve_gateway(self, request: web.Request) -> web.WebSocketResponse:
        gateway = self._gateway = web.WebSocketResponse()
        await gateway.prepare(request)
        await gateway.send_json({"op": Op.HELLO, "d": {"heartbeat_interval": 20_000}})
        async for message in gateway:
            assert message.type is WSMsgType.TEXT
            await self._hear(message.json())
        return gateway

    async def _hear(self, said: Json) -> None:
        assert self._gateway is not None
        match said["op"]:
            case Op.HEARTBEAT:
                await self._gateway.send_json({"op": Op.HEARTBEAT_ACK})
            case Op.IDENTIFY:
                self.sessions.append(Op.IDENTIFY)
                await self._welcome()
            case Op.RESUME:
                self.sessions.append(Op.RESUME)
                await self._dispatch("RESUMED", {})
                self._is_ready.set()

    async def _welcome(self) -> None:
        url = f"ws://127.0.0.1:{self.port}/gateway/"
        guilds = [{"id": str(GUILD), "unavailable": True}]
        ready = {"v": 10, "user": _user(APPLICATION), "guilds": guilds, "session_id": "s", "resume_gateway_url": url}
        await self._dispatch("READY", ready)
        roles = [{"id": str(role), "name": str(role), "permissions": "0", "position": 1} for role in _ROLES]
        channel = {"id": str(CHANNEL), "type": 0, "name": "training", "position": 0, "permission_overwrites": []}
        guild = {"id": str(GUILD), "name": "us", "roles": roles, "channels": [channel], "member_count": 3}
        await self._dispatch("GUILD_CREATE", guild)
        self._is_ready.set()


_ROLES = (GUILD, TRAINERS_ROLE)


@web.middleware
async def _authorized(request: web.Request, handler: Any) -> web.StreamResponse:
    needs_token = request.path.startswith("/api/") and "token-" not in request.path
    if needs_token and request.headers.get("Authorization") != f"Bot {TOKEN}":
        return _json({"code": 0, "message": "401: Unauthorized"}, status=401)
    response: web.StreamResponse = await handler(request)
    return response


def _json(data: Any, status: int = 200) -> web.Response:
    # discord.py knows JSON by this header as Discord writes it: without a charset
    return web.Response(body=json.dumps(data).encode(), status=status, headers={"Content-Type": "application/json"})


def _user(number: int) -> Json:
    return {"id": str(number), "username": str(number), "discriminator": "0", "avatar": None}
