"""A link that is cut: a TCP proxy in front of a service, which resets a connection after so many bytes sent up."""

import asyncio
import contextlib
import socket
import struct
import threading


class CuttingProxy:
    """`cuts`: how many more connections it will break; `after`: bytes from the client that it lets through before."""

    def __init__(self, port: int, *, cuts: int, after: int) -> None:
        self.port, self.cuts, self.after = port, cuts, after
        self.sent = 0
        self.here = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.here = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.port)
        down = asyncio.create_task(self._down(up_reader, writer))
        passed = 0
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(65_536):
                passed += len(data)
                self.sent += len(data)
                up_writer.write(data)
                await up_writer.drain()
                if self.cuts and passed >= self.after:
                    self.cuts -= 1
                    for side in (writer, up_writer):
                        _reset(side)
                    break
        down.cancel()
        for side in (writer, up_writer):
            side.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection as a lost link does: no goodbye, what was under way is gone."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
