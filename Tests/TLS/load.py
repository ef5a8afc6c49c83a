"""Clients that request without a pause while certificates change."""

import threading

from serving import TIMEOUT
from tls import ask


class Load:
    """Threads that send requests: `new` open a connection for each, `kept` keep one. `serials` of the connections."""

    def __init__(self, roost, new=2, kept=2):
        self._roost = roost
        self._context = roost.context()
        self._changed = threading.Condition()
        self._faults = []
        self._is_stopped = False
        # The serial numbers of the new connections in their order, and the number of requests on kept ones.
        self._serials = []
        self._requests = 0
        bodies = [self._open] * new + [self._keep] * kept
        self._threads = [threading.Thread(target=self._run, args=[body], daemon=True) for body in bodies]
        for thread in self._threads:
            thread.start()

    def _run(self, body):
        try:
            body()
        except BaseException as fault:
            with self._changed:
                self._faults.append(fault)
                self._changed.notify_all()

    def _open(self):
        while not self._is_stopped:
            with self._roost.connect(self._context) as connection:
                self._request(connection, close=True)
                serial = connection.getpeercert()["serialNumber"]
            with self._changed:
                self._serials.append(serial)
                self._changed.notify_all()

    def _keep(self):
        with self._roost.connect(self._context) as connection:
            while not self._is_stopped:
                self._request(connection, close=False)
                with self._changed:
                    self._requests += 1
                    self._changed.notify_all()

    def _request(self, connection, close):
        status, fields, body = ask(connection, **({"connection_": "close"} if close else {}))
        assert (status, body) == (200, b"Hello, World!"), (status, body)
        assert close or "connection" not in fields, "the server closes a kept connection"

    @property
    def position(self):
        """What `wait_for` continues after."""
        with self._changed:
            return len(self._serials), self._requests

    def wait_for(self, serial, after=(0, 0)):
        """Waits until a new connection got the certificate, and until further requests on kept ones were answered."""
        with self._changed:
            is_met = self._changed.wait_for(
                lambda: self._faults or (serial in self._serials[after[0]:] and self._requests > after[1]), TIMEOUT)
            self._check()
            assert is_met, f"{serial} is not in {self._serials[after[0]:][-5:]}"

    def stop(self) -> list[str]:
        """Ends the threads. Returns the serial numbers."""
        self._is_stopped = True
        for thread in self._threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive(), "a request hangs"
        self._check()
        return self._serials

    def _check(self):
        if self._faults:
            raise self._faults[0]
