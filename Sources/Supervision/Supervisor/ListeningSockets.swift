import Glibc
import HTTPServer
import Logging
import Roost
import RoostDeployment
import RoostSystem

/// The sockets that clients connect to. For the supervisor's one thread.
///
/// The file of a Unix socket may be removed while workers accept: then no client can connect any more, although the
/// socket still listens.
final class ListeningSockets {
    private(set) var listeners: [Listener]
    private let backlog: Int
    private let logger: Logger
    /// URLs of the socket files whose absence was logged.
    private var loggedGone: Set<String> = []

    /// Binds the sockets. Throws `HostError`.
    init(_ addresses: [ListenAddress], backlog: Int, _ logger: Logger) throws {
        self.listeners = try Host.bind(addresses, backlog: backlog)
        self.backlog = backlog
        self.logger = logger
    }

    /// The URLs of the addresses, with the ports that the kernel chose.
    var urls: [String] { self.listeners.map(\.url) }

    /// How the listeners with TLS treat client certificates, where they say so.
    var clientCertificates: Set<ListenerSecurity.ClientCertificates> {
        Set(self.listeners.compactMap(\.security.clientCertificates))
    }

    /// The URLs that clients connect to, for `roost status`.
    var descriptions: [String] {
        self.listeners.indices.map { at in
            let url = self.listeners[at].url
            return self.isGone(at) ? "\(url) (its socket file is missing; roost reload creates it again)" : url
        }
    }

    func close() { for listener in self.listeners { listener.close() } }

    /// Whether the file of a listener is gone. A socket that was passed to this process has no file of its own.
    private func isGone(_ at: Int) -> Bool { self.listeners[at].file.map { !$0.isThere } ?? false }

    /// Logs each missing socket file once.
    func logMissing() {
        let gone = self.listeners.indices.filter(self.isGone).map { self.listeners[$0].url }
        for url in gone where !self.loggedGone.contains(url) {
            self.logger.log(.socketFileMissing, ["url": "\(url)"])
        }
        self.loggedGone = Set(gone)
    }

    /// Binds listeners again whose files are gone, for workers that are started from now on. Returns whether any was
    /// bound again, and why others could not be.
    func rebindMissing() -> (isRebound: Bool, faults: [String]) {
        var isRebound = false
        var faults: [String] = []
        for at in self.listeners.indices where self.isGone(at) {
            let old = self.listeners[at]
            guard case .unix(let path, let access) = old.address else { continue }
            do {
                self.listeners[at] = try Listener(
                    unix: path, access: access, proxies: old.proxies, security: old.security, backlog: self.backlog)
                // Running workers have their own descriptors of it.
                old.close()
                isRebound = true
                self.logger.log(.socketFileCreated, ["url": "\(old.url)"])
            } catch {
                let fault = "the socket file of \(old.url) is missing and cannot be created again: \(error)"
                self.logger.log(.socketFileNotCreated, ["url": "\(old.url)", "reason": "\(error)"])
                faults.append(fault)
            }
        }
        return (isRebound, faults)
    }
}
