package import HTTPServer
package import RoostSettings

/// What answers at one mount. Immutable; a change replaces it. [any]
///
/// Lives as long as the process, as the generations behind it do: loops look it up without counting references.
// SAFETY: immutable.
package final class Mounted: @unchecked Sendable {
    /// Which of the host's applications it is.
    package let number: UInt32
    package let mount: Mount
    /// The mount's path.
    package let path: Octets
    /// The origins whose pages may open WebSockets here; nil: those of the host.
    package let origins: WebSocketOrigins?
    /// The application, when it is one of this process; else somebody else answers.
    // SAFETY: generations live as long as the process.
    package unowned(unsafe) let generation: Generation?
    private let answerer: (any MountAnswerer)?

    package init(number: UInt32, mount: Mount, origins: WebSocketOrigins? = nil, generation: Generation) {
        self.origins = origins
        self.number = number
        self.mount = mount
        self.path = .lasting(mount.path)
        self.generation = generation
        self.answerer = nil
        _ = Unmanaged.passRetained(self)
    }

    package init(number: UInt32, mount: Mount, origins: WebSocketOrigins? = nil, answerer: any MountAnswerer) {
        self.origins = origins
        self.number = number
        self.mount = mount
        self.path = .lasting(mount.path)
        self.generation = nil
        self.answerer = answerer
        _ = Unmanaged.passRetained(self)
    }

    /// Whether it is what it is meant to be, not an answer in its place.
    package var isServing: Bool { self.generation != nil || !(self.answerer is StandIn) }

    /// Answers, when there is no generation. On a loop.
    package func answer(_ exchange: any Exchange, on loop: Int) { self.answerer?.answer(exchange, for: self, on: loop) }
}

/// Answers the requests of a mount, without a module's code in this process.
package protocol MountAnswerer: AnyObject, Sendable {
    /// On the exchange's loop, which has this number.
    func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int)
}

/// Answers for an application that is not there.
package final class StandIn: MountAnswerer {
    package let reason: OwnAnswer

    package init(_ reason: OwnAnswer) { self.reason = reason }

    package func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) { self.reason.give(to: exchange) }
}

extension Octets {
    /// A copy that lives as long as the process.
    package static func lasting(_ text: String) -> Octets {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return .empty }
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        memory.initialize(from: bytes, count: bytes.count)
        return Octets(memory, bytes.count)
    }
}
