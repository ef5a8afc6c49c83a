import Glibc
import HTTPServer

/// A listening socket by which the workers that accept connections reach one worker of another group. Its descriptor is closed with this object: the
/// worker has the socket from its start on, so that nobody waits in its queue when it has ended.
final class RelayListener {
    let listener: Listener

    init(_ listener: Listener) { self.listener = listener }

    deinit { Glibc.close(self.listener.descriptor) }
}
