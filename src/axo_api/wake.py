"""How one part of the control plane tells another that there is something to do."""

import asyncio


class Wake:
    """Wakes every loop that waits for it; each also looks by itself on a clock, so that a lost wake costs little."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def __call__(self) -> None:
        """Wake all that listen."""
        for event in self._waiting:
            event.set()

    def listen(self, *others: "Wake") -> "Listener":
        """Return a listener, which hears every wake from now on, and those of `others`."""
        event = asyncio.Event()
        for wake in (self, *others):
            wake._waiting.add(event)
        return Listener(event)


class Listener:
    """One part's ear: a wake between two waits is not missed."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def wait(self, seconds: float) -> None:
        """Return when woken, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()
