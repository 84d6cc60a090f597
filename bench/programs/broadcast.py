"""The limit of a fan-out: `broadcast.py PORT PATHS LINES` makes lines by itself and sends them, the same bytes to all.

Whoever asks for one of the PATHS (`/0`, `/1`, …) is sent LINES lines every 20 ms; every 200 ms where there is more than
one path, the paths one after the other. It reads no file and asks nobody.
"""

import selectors
import socket
import sys
import time

TURN_SECONDS = 0.02
TURNS = 10
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def main() -> None:
    """Serve until killed."""
    port, paths, lines = map(int, sys.argv[1:4])
    server = socket.create_server(("127.0.0.1", port), backlog=1024)
    server.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    followers: list[list[socket.socket]] = [[] for _ in range(paths)]
    turn, next_turn_at = 0, time.monotonic()
    while True:
        for key, _ in selector.select(max(0.0, next_turn_at - time.monotonic())):
            if key.fileobj is server:
                selector.register(server.accept()[0], selectors.EVENT_READ)
            else:
                begin(key.fileobj, selector, followers)  # type: ignore[arg-type]
        if time.monotonic() >= next_turn_at:
            for of_path in followers if paths == 1 else followers[turn % TURNS :: TURNS]:
                send(of_path, lines)
            turn, next_turn_at = turn + 1, next_turn_at + TURN_SECONDS


def begin(follower: socket.socket, selector: selectors.BaseSelector, followers: list[list[socket.socket]]) -> None:
    """Answer a request with the head of a stream."""
    selector.unregister(follower)
    path = follower.recv(65536).split()
    if path:
        followers[int(path[1].strip(b"/") or b"0")].append(follower)
        follower.sendall(HEAD)
    else:
        follower.close()


def send(followers: list[socket.socket], lines: int) -> None:
    """Send some lines, made now, to each follower."""
    event = b'id: 1234567\nevent: log\ndata: {"type":"log","text":"at=%d@ %b"}\n\n' % (time.monotonic_ns(), b"." * 180)
    chunk = b"%x\r\n%b\r\n" % (len(event) * lines, event * lines)
    for follower in followers:
        follower.sendall(chunk)


if __name__ == "__main__":
    main()
