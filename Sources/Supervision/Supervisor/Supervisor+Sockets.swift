import Glibc
import HTTPServer
import Logging
import RoostDeployment

/// Files of Unix sockets that vanish while workers accept: nobody can connect any more, though the socket listens.
extension Supervisor {
    /// Whether the path of a listener leads to its socket no more. A socket that was given to this process has no file of its own.
    private func isGone(_ at: Int) -> Bool { self.listeners[at].file.map { !$0.isThere } ?? false }

    /// Where clients connect, for `roost status`.
    var describedAddresses: [String] {
        self.listeners.indices.map { at in
            let url = self.listeners[at].address.url
            return self.isGone(at) ? "\(url) (its socket file is gone: roost reload makes it again)" : url
        }
    }

    /// Logs each missing socket file once.
    func tellGoneSockets() {
        let gone = self.listeners.indices.filter(self.isGone).map { self.listeners[$0].address.url }
        for url in gone where !self.toldGone.contains(url) {
            self.plan.logger.error(
                "socket file is gone, clients cannot connect: roost reload makes it again", metadata: ["url": "\(url)"])
        }
        self.toldGone = Set(gone)
    }

    /// Binds the listeners again whose files are gone, for workers that are started from here on. False: there are none, or none can be bound,
    /// which is reported to the caller of the reload.
    func rebindGoneSockets() -> Bool {
        var isRebound = false
        for at in self.listeners.indices where self.isGone(at) {
            let old = self.listeners[at]
            guard case .unix(let path, let access) = old.address else { continue }
            do {
                self.listeners[at] = try Listener(unix: path, access: access, backlog: self.plan.backlog)
                // Workers that run have their own descriptors of it.
                old.close()
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
