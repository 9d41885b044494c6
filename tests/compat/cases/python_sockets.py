# AF_UNIX in the workspace, in /tmp and abstract; datagrams; socketpair; descriptors passed on.
import array
import os
import socket


def serve(address, kind=socket.SOCK_STREAM):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(address)
    if kind == socket.SOCK_STREAM:
        server.listen()
    child = os.fork()
    if child == 0:
        client = socket.socket(socket.AF_UNIX, kind)
        client.connect(address)
        client.send(b"hello")
        os._exit(0)
    peer = server.accept()[0] if kind == socket.SOCK_STREAM else server
    print(kind.name, peer.recv(100), os.waitpid(child, 0)[1])
    if kind == socket.SOCK_STREAM:
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        print(array.array("i", credentials)[1] == os.getuid())


serve("socket")
serve(f"/tmp/compat-socket-{os.getpid()}")
os.unlink(f"/tmp/compat-socket-{os.getpid()}")
serve(b"\0compat-%d" % os.getpid())
serve("datagrams", socket.SOCK_DGRAM)

one, two = socket.socketpair()
with open(__file__, "rb") as file:
    socket.send_fds(one, [b"x"], [file.fileno()])
_, fds, _, _ = socket.recv_fds(two, 10, 1)
print(os.read(fds[0], 10))

with socket.create_server(("127.0.0.1", 0)) as server:
    with socket.create_connection(server.getsockname()) as client:
        peer, _ = server.accept()
        peer.sendall(b"tcp")
        print(client.recv(10))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
udp.sendto(b"udp", udp.getsockname())
print(udp.recv(10))
print(socket.getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM)[0][4])
