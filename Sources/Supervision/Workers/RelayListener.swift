import Glibc
import HTTPServer

/// A listening socket by which the front workers reach one worker of another group.
///
/// Its descriptor is closed with this object. The worker inherits the socket when it starts, so no client waits in its
/// queue after the worker has ended.
final class RelayListener {
    let listener: Listener

    init(_ listener: Listener) { self.listener = listener }

    deinit { Glibc.close(self.listener.descriptor) }
}
