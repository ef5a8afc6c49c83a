import Glibc
import HTTPServer
import Logging

/// Files of Unix sockets that vanish while workers accept: nobody can connect any more, though the socket listens.
extension Supervisor {
    /// The state of a listener's file; nil: it has none that this process has made.
    static func socketFile(_ listener: Listener) -> FileMark? {
        guard case .unix(let path, _) = listener.address, !path.hasPrefix("@") else { return nil }
        return FileMark(of: path)
    }

    /// Whether the path of a listener leads to its socket no more.
    private func isGone(_ at: Int) -> Bool {
        guard let bound = self.socketFiles[at] else { return false }
        guard let there = Self.socketFile(self.listeners[at]) else { return true }
        return (there.device, there.inode) != (bound.device, bound.inode)
    }

    /// Where clients connect, for `roost status`.
    var describedAddresses: [String] {
        self.listeners.indices.map { at in
            let url = self.listeners[at].address.url
            return self.isGone(at) ? "\(url) (its socket file is gone: roost reload makes it again)" : url
        }
    }

    /// Says once of each socket file that it is gone.
    func tellGoneSockets() {
        let gone = self.listeners.indices.filter(self.isGone).map { self.listeners[$0].address.url }
        for url in gone where !self.toldGone.contains(url) {
            self.plan.logger.error(
                "socket file is gone, clients cannot connect: roost reload makes it again", metadata: ["url": "\(url)"])
        }
        self.toldGone = Set(gone)
    }

    /// Binds those anew whose files are gone, for workers that are started from here on. False: there are none, or none can be bound, which is
    /// told to whoever asked for the reload.
    func rebindGoneSockets() -> Bool {
        var isRebound = false
        for at in self.listeners.indices where self.isGone(at) {
            let old = self.listeners[at]
            do {
                let new = try Listener(old.address, backlog: self.plan.backlog)
                self.listeners[at] = new
                self.socketFiles[at] = Self.socketFile(new)
                // Only the descriptor: the path is the new one's. Workers that run have their own.
                close(old.descriptor)
                isRebound = true
                self.plan.logger.info("socket file made again", metadata: ["url": "\(old.address.url)"])
            } catch {
                let message = "the socket file of \(old.address.url) is gone, and cannot be made again: \(error)"
                self.plan.logger.error("\(message)")
                self.report.fail(.max, message)
            }
        }
        return isRebound
    }

    /// Groups some of whose workers cannot be asked, since the socket file is gone.
    var unreachableGroups: [String] {
        self.groups.filter { $0.value.ways.contains { access($0, F_OK) != 0 } }.map(\.key)
    }
}
