import HTTPServer
import Logging
import ModuleRuntime
import NIOCore
import RoostSettings
import RoostSystem
import StaticFiles

/// Answers the requests of a mount with the files of a folder. Thread-safe.
final class StaticMount: MountAnswerer {
    /// The responder of one loop, which creates it with the first request.
    // SAFETY: used by one loop only.
    private final class Place: @unchecked Sendable {
        var responder: StaticResponder?
    }

    private let folder: StaticFolder
    private let limits: StaticLimits
    private let threads: FileThreads
    private let loops: [ServerLoop.Handle]
    /// The path prefix that a proxy removes, encoded.
    private let hiddenPath: String
    private let logger: Logger
    private let places: [Place]

    init(
        _ folder: StaticFolder, _ limits: StaticLimits, threads: FileThreads, on loops: [ServerLoop.Handle],
        hiddenPath: String, logger: Logger
    ) {
        self.folder = folder
        self.limits = limits
        self.threads = threads
        self.loops = loops
        self.hiddenPath = hiddenPath
        self.logger = logger
        self.places = loops.map { _ in Place() }
    }

    func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) {
        let responder = self.places[loop].responder ?? self.makeResponder(on: loop)
        let (path, mount) = (exchange.head.path, mounted.path.size)
        let below = Octets(data: path.data.map { $0 + mount }, size: path.size - mount)
        responder.answer(exchange, below: below, hidden: self.hiddenPath)
    }

    private func makeResponder(on loop: Int) -> StaticResponder {
        let logger = self.logger
        let responder = StaticResponder(self.folder, self.limits, threads: self.threads, on: self.loops[loop]) {
            fault in
            logger.log(.fileUnreadable, ["path": "\(fault.path)", "reason": "\(fault.reason)"])
        }
        self.places[loop].responder = responder
        return responder
    }

    /// Drops the cached files. Called when no loop has the mount any more.
    func release() {
        for (loop, place) in zip(self.loops, self.places) { loop.eventLoop.execute { place.responder = nil } }
    }
}
