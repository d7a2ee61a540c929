"""A balancer of connections, as a Kubernetes Service is: each new connection goes to the server
that is there now, and those that exist stay where they are."""
import asyncio
import threading


class Balancer:
    """Listens on a free port from entering the context; `target` is the HOST:PORT for new
    connections."""

    def __init__(self, target):
        self.target = target
        self.port = None
        self.connections = 0
        self._ready = threading.Event()

    def __enter__(self):
        threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True).start()
        self._ready.wait()
        return self

    def __exit__(self, *_):
        pass  # the thread ends with the process

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    async def _listen(self):
        async with await asyncio.start_server(self._relay, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await server.serve_forever()

    async def _relay(self, reader, writer):
        self.connections += 1
        try:
            host, port = self.target.split(":")
            onward = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, onward[1]), _copy(onward[0], writer))


async def _copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()
