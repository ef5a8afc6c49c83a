package import HTTPServer
package import Middleware
package import RoostSettings

/// One mount with the application that answers there. Immutable; a change replaces it. Thread-safe.
///
/// Lives as long as the process, like the generations that it refers to: loops look it up without counting references.
// SAFETY: immutable.
package final class Mounted: @unchecked Sendable {
    /// The number of a mount of files, which has no application.
    package static let ofFiles: UInt32 = 0

    /// The number of the application on its host.
    package let number: UInt32
    /// The name of the application; empty for files.
    let name: String
    package let mount: Mount
    /// The mount's path.
    package let path: Octets
    /// The origins whose pages may open WebSockets here; nil to use those of the host.
    package let origins: WebSocketOrigins?
    /// The application, if it runs in this process; nil if the answerer answers.
    // SAFETY: generations live as long as the process.
    package unowned(unsafe) let generation: Generation?
    private let answerer: (any MountAnswerer)?
    /// The middleware in front of the application; nil for none.
    package let middleware: MiddlewareChain?

    package init(
        number: UInt32, mount: Mount, origins: WebSocketOrigins? = nil, middleware: MiddlewareChain? = nil,
        generation: Generation
    ) {
        self.name = generation.name
        self.middleware = middleware
        self.origins = origins
        self.number = number
        self.mount = mount
        self.path = .lasting(mount.path)
        self.generation = generation
        self.answerer = nil
        _ = Unmanaged.passRetained(self)
    }

    package init(
        number: UInt32, mount: Mount, origins: WebSocketOrigins? = nil, middleware: MiddlewareChain? = nil,
        answerer: any MountAnswerer
    ) {
        self.name = (answerer as? WrappedApplication)?.generation.name ?? ""
        self.middleware = middleware
        self.origins = origins
        self.number = number
        self.mount = mount
        self.path = .lasting(mount.path)
        self.generation = nil
        self.answerer = answerer
        _ = Unmanaged.passRetained(self)
    }

    /// The application as one that others wrap; nil if none does.
    var wrapped: WrappedApplication? { self.answerer as? WrappedApplication }

    /// Whether the application itself answers, not a `StandIn`.
    package var isServing: Bool { self.generation != nil || !(self.answerer is StandIn) }

    /// Answers a request if there is no generation. On a loop.
    package func answer(_ exchange: any Exchange, on loop: Int) { self.answerer?.answer(exchange, for: self, on: loop) }
}

/// Answers the requests of a mount without a module in this process.
package protocol MountAnswerer: AnyObject, Sendable {
    /// Answers a request. Called on the exchange's loop, which has the number `loop`.
    func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int)
}

/// Answers every request for an application that is not available.
package final class StandIn: MountAnswerer {
    package let reason: OwnAnswer

    package init(_ reason: OwnAnswer) { self.reason = reason }

    package func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) { self.reason.give(to: exchange) }
}
