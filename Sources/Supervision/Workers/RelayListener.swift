import Glibc
import HTTPServer

/// A listening socket by which the front workers reach one worker of another group. Its file is removed with this
/// object.
final class RelayListener {
    let listener: Listener
    private var isClosed = false

    init(_ listener: Listener) { self.listener = listener }

    deinit {
        self.listener.file?.remove()
        self.closeDescriptor()
    }

    /// The path of the socket; nil if it has none.
    var path: String? { self.listener.file?.path }
    /// Whether the front workers can reach the socket: the run directory may have been cleared.
    var isThere: Bool { self.listener.file?.isThere ?? true }

    /// Closes the descriptor when the worker has inherited it, so that no client waits in its queue after the worker has
    /// ended.
    func closeDescriptor() {
        guard !self.isClosed else { return }
        self.isClosed = true
        Glibc.close(self.listener.descriptor)
    }
}
