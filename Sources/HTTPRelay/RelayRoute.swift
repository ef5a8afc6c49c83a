import HTTPServer
import NIOCore

/// The link to one worker of another group, and the exchanges sent to this worker. Loop-bound.
final class RelayRoute: RelayEndpoint {
    let path: String
    var link: RelayLink?
    private(set) var isOpen = false
    private(set) var calls: [UInt32: RelayCall] = [:]
    private var lastStream: UInt32 = 0
    private var isDraining = false
    /// The pause before the next connection attempt. It doubles each time an open link is lost before an exchange has
    /// ended on it.
    private(set) var pause = RelayRoute.shortestPause
    private static let shortestPause = TimeAmount.milliseconds(50)
    private static let longestPause = TimeAmount.seconds(2)
    var callLost: (RelayCall) -> Void = { _ in }
    var closed: () -> Void = {}
    var opened: () -> Void = {}

    init(_ path: String) { self.path = path }

    func start(_ exchange: any Exchange, mount: UInt32) {
        guard let link else { return }
        repeat { self.lastStream &+= 1 } while self.calls[self.lastStream] != nil || self.lastStream == 0
        let call = RelayCall(exchange, self.lastStream, on: link)
        self.calls[self.lastStream] = call
        call.start(mount: mount)
    }

    /// Accepts no new exchanges, and closes the link when the current ones have ended.
    func drain() {
        self.isOpen = false
        self.isDraining = true
        if self.calls.isEmpty { self.link?.close() }
    }

    func linkOpened(_ link: RelayLink) {
        self.isOpen = !self.isDraining
        self.opened()
    }

    func receive(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault) {
        if frame.kind == .goAway { return self.drain() }
        guard let call = self.calls[frame.stream] else { return }
        guard try call.receive(frame, reader) else { return }
        self.calls[frame.stream] = nil
        self.pause = Self.shortestPause
        if self.isDraining, self.calls.isEmpty { link.close() }
    }

    func linkWritable(_ stream: UInt32) { self.calls[stream]?.linkWritable() }

    func linkLost(_ link: RelayLink) {
        if self.isOpen { self.pause = min(self.pause * 2, Self.longestPause) }
        self.isOpen = false
        self.link = nil
        let calls = self.calls
        self.calls = [:]
        for call in calls.values { self.callLost(call) }
        self.isDraining = false
        self.closed()
    }

    func trim() { if self.calls.isEmpty { self.calls = [:] } }
    func stop(_ link: RelayLink) {}
    func giveUp(_ link: RelayLink) {}
}

@available(*, unavailable)
extension RelayRoute: Sendable {}
