# Subprocesses, threads, TCP and AF_UNIX servers of asyncio: all of them stand on sockets.
import asyncio
import os
import sys


async def echo(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()


async def ask(opening):
    reader, writer = await opening
    writer.write(b"hello\n")
    print((await reader.readline()).decode().strip())
    writer.close()


async def main():
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys; print(sys.stdin.read()); sys.exit(3)",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate(b"to the child")
    print(out.decode().strip(), child.returncode, await child.wait())
    print(await asyncio.to_thread(sum, range(10)))
    shells = [await asyncio.create_subprocess_shell(f"sleep 0.0{i}; exit {i}") for i in range(5)]
    print(await asyncio.gather(*(shell.wait() for shell in shells)))

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    await ask(asyncio.open_connection(*server.sockets[0].getsockname()))
    server.close()
    server = await asyncio.start_server(echo, "::1", 0)
    await ask(asyncio.open_connection(*server.sockets[0].getsockname()[:2]))
    server.close()
    for path in ("socket", f"/tmp/compat-{os.getpid()}"):
        server = await asyncio.start_unix_server(echo, path)
        await ask(asyncio.open_unix_connection(path))
        server.close()
        os.unlink(path)


asyncio.run(asyncio.wait_for(main(), 60))
