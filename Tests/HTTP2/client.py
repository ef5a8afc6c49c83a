"""A blocking client that conforms to HTTP/2, on the package h2."""

import collections
import dataclasses
import socket
import ssl

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2 import events
from h2.settings import SettingCodes, Settings

from serving import TIMEOUT


def connect(port, certificate=None, protocols=("h2",)):
    """A connection, with TLS if there is a certificate that the server must present."""
    plain = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not certificate:
        return plain
    context = ssl.create_default_context(cafile=certificate)
    context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(plain, server_hostname="localhost")


@dataclasses.dataclass
class Response:
    """What has arrived of the response on a stream."""

    status: int = 0
    headers: list = dataclasses.field(default_factory=list)
    body: bytearray = dataclasses.field(default_factory=bytearray)
    trailers: list = dataclasses.field(default_factory=list)
    informational: list = dataclasses.field(default_factory=list)
    has_ended: bool = False
    reset: int | None = None

    def values(self, name):
        return [value for key, value in self.headers if key == name]


class Client:
    """One connection. It acknowledges what it receives, unless `reads` is False: then it opens no window by itself."""

    def __init__(self, port, certificate=None, reads=True, window=None):
        self.reads = reads
        self.socket = connect(port, certificate)
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        if window is not None:
            self.h2.local_settings = Settings(initial_values={
                SettingCodes.ENABLE_PUSH: 0, SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.h2.initiate_connection()
        self.responses = collections.defaultdict(Response)
        self.pongs = []
        self.settings = None  # those of the server, once they have arrived
        self.flush()

    def close(self):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    # ---- Receiving

    def read(self):
        """Waits for bytes of the server."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server has closed the connection")
        for event in self.h2.receive_data(data):
            self.take(event)
        self.flush()

    def take(self, event):
        match event:
            case events.InformationalResponseReceived(stream_id=stream, headers=headers):
                self.responses[stream].informational.append((int(headers[0][1]), [tuple(pair) for pair in headers[1:]]))
            case events.ResponseReceived(stream_id=stream, headers=headers):
                self.responses[stream].status = int(headers[0][1])
                self.responses[stream].headers = [tuple(pair) for pair in headers[1:]]
            case events.DataReceived(stream_id=stream, data=data, flow_controlled_length=length):
                self.responses[stream].body += data
                if self.reads:
                    self.h2.acknowledge_received_data(length, stream)
            case events.TrailersReceived(stream_id=stream, headers=headers):
                self.responses[stream].trailers = [tuple(pair) for pair in headers]
            case events.StreamEnded(stream_id=stream):
                self.responses[stream].has_ended = True
            case events.StreamReset(stream_id=stream, error_code=code):
                self.responses[stream].reset = code
            case events.PingAckReceived(ping_data=data):
                self.pongs.append(data)
            case events.RemoteSettingsChanged(changed_settings=changed):
                self.settings = {code: setting.new_value for code, setting in changed.items()}

    def wait_until(self, condition):
        while not condition():
            self.read()

    def response(self, stream):
        """Waits until the response is complete, or the stream was reset."""
        response = self.responses[stream]
        self.wait_until(lambda: response.has_ended or response.reset is not None)
        return response

    def round_trip(self):
        """Waits until the server has handled everything that was sent before, and has sent what it answers at once."""
        for _ in range(2):
            # The first answer may overtake other frames.
            data = len(self.pongs).to_bytes(8, "big")
            self.h2.ping(data)
            self.flush()
            self.wait_until(lambda: data in self.pongs)

    # ---- Sending

    def request(self, path, method="GET", headers=(), body=None, trailers=None, ends=True):
        """Sends a request, with its body if there is one. Returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        scheme = "https" if isinstance(self.socket, ssl.SSLSocket) else "http"
        pseudo = [(":method", method), (":scheme", scheme), (":authority", "localhost"), (":path", path)]
        self.h2.send_headers(stream, pseudo + list(headers), end_stream=ends and body is None and trailers is None)
        self.flush()
        if body is not None:
            self.send(stream, body, ends=ends and trailers is None)
        if trailers is not None:
            self.h2.send_headers(stream, trailers, end_stream=True)
            self.flush()
        return stream

    def send(self, stream, body, ends=False):
        """Sends a part of a body, as the windows permit."""
        view = memoryview(body)
        while view:
            self.wait_until(lambda: self.h2.local_flow_control_window(stream) > 0)
            size = min(len(view), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            self.h2.send_data(stream, bytes(view[:size]))
            self.flush()
            view = view[size:]
        if ends:
            self.h2.end_stream(stream)
            self.flush()

    def send_what_fits(self, stream):
        """Sends bytes until a window is full, and the server has not opened it. Returns the number of bytes."""
        sent = 0
        while size := min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size):
            self.h2.send_data(stream, bytes(size))
            self.flush()
            sent += size
            if not self.h2.local_flow_control_window(stream):
                self.round_trip()
        return sent

    def get(self, path, method="GET", headers=(), **options):
        return self.response(self.request(path, method, headers, **options))

    def reset(self, stream, code=8):
        self.h2.reset_stream(stream, code)
        self.flush()

    def open_window(self, size, stream=None):
        self.h2.increment_flow_control_window(size, stream)
        self.flush()
