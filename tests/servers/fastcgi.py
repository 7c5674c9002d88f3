"""Just enough of a FastCGI client to hold kept connections to the workers' socket."""

import socket
import struct


def record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(name, value):
    return bytes([len(name), len(value)]) + name.encode() + value.encode()


def request(path):
    parameters = b"".join(pair(name, value) for name, value in (
        ("REQUEST_METHOD", "GET"), ("REQUEST_URI", path), ("QUERY_STRING", ""),
        ("SERVER_PROTOCOL", "HTTP/1.1"), ("REMOTE_ADDR", "127.0.0.1")))
    begin = struct.pack(">HB5x", 1, 1)  # responder, keep the connection
    return record(1, begin) + record(4, parameters) + record(4, b"") + record(5, b"")


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError("the worker closed the connection")
        data += more
    return data


class Kept:
    """A connection that stays open between requests."""

    def __init__(self, path):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(10)
        self.connection.connect(str(path))

    def get(self, path):
        """The whole CGI answer to a GET."""
        self.connection.sendall(request(path))
        answer = b""
        while True:
            _, kind, _, length, padding = struct.unpack(">BBHHBx", read_exactly(self.connection, 8))
            content = read_exactly(self.connection, length + padding)[:length]
            if kind == 6:
                answer += content
            if kind == 3:
                return answer

    def close(self):
        self.connection.close()
