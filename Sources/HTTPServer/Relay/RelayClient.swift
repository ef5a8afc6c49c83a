import NIOCore
import NIOPosix

/// The front's side of a relay, on one loop: a connection to each worker that answers for it. Loop-bound.
public final class RelayClient {
    /// Outlives its clients.
    private unowned(unsafe) let loop: ServerLoop
    /// Who the other side has to be.
    private let users: Set<UInt32>
    private var ways: [RelayWay] = []
    /// It is known who answers, if anybody does.
    private var isTold = false
    private let answerLost: (any Exchange) -> Void
    /// Those for which no way is open yet.
    private var waiting: [(any Exchange, UInt32)] = []
    private static let pause = TimeAmount.milliseconds(50)
    /// So long a request waits for a worker that is to be there.
    private static let patience = TimeAmount.seconds(1)

    /// `answerLost`: what a request gets whose worker has gone before it has answered.
    public init(loop: ServerLoop, users: Set<UInt32>, answerLost: @escaping (any Exchange) -> Void) {
        self.loop = loop
        self.users = users
        self.answerLost = answerLost
    }

    /// From here on these answer; others get nothing new.
    public func use(_ paths: [String]) {
        self.isTold = true
        for way in self.ways where !paths.contains(way.path) { way.letGo() }
        self.ways.removeAll { !paths.contains($0.path) }
        for path in paths where !self.ways.contains(where: { $0.path == path }) {
            let way = RelayWay(path)
            self.ways.append(way)
            self.connect(way)
        }
        self.loop.turn { self.settle() }
    }

    /// Has a worker answer it: the one with the least to do; while some are to be there and none is reached yet, it waits for a moment.
    /// False: nobody is there.
    public func relay(_ exchange: any Exchange, mount: UInt32) -> Bool {
        var least: RelayWay?
        for way in self.ways where way.isOpen && way.calls.count < least?.calls.count ?? .max { least = way }
        if let least {
            least.begin(exchange, mount: mount)
            return true
        }
        guard !self.isTold || !self.ways.isEmpty else { return false }
        self.waiting.append((exchange, mount))
        if self.waiting.count == 1 { self.armPatience() }
        return true
    }

    /// A way has opened, or others are to be used: who waits is told.
    private func settle() {
        guard !self.waiting.isEmpty, self.ways.isEmpty || self.ways.contains(where: \.isOpen) else { return }
        let waiting = self.waiting
        self.waiting = []
        for (exchange, mount) in waiting where !self.relay(exchange, mount: mount) { self.giveUp(exchange) }
    }

    private func armPatience() {
        self.loop.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
            guard let self, !self.waiting.isEmpty else { return }
            let waiting = self.waiting
            self.waiting = []
            self.loop.turn { for (exchange, _) in waiting { self.giveUp(exchange) } }
        }
    }

    private func giveUp(_ exchange: any Exchange) {
        self.answerLost(exchange)
        _ = exchange.end(failed: true)
        exchange.rest()
    }

    private func connect(_ way: RelayWay) {
        guard self.ways.contains(where: { $0 === way }), way.link == nil else { return }
        let link = RelayLink(loop: self.loop, serves: false, users: self.users, end: way)
        way.link = link
        way.lost = { [weak self] call in if let self { call.lost(self.answerLost) } else { call.lost { _ in } } }
        way.closed = { [weak self, weak way] in
            guard let self, let way else { return }
            self.reconnect(way)
        }
        way.opened = { [weak self] in self?.settle() }
        let bound = NIOLoopBound(link, eventLoop: self.loop.eventLoop)
        ClientBootstrap(group: self.loop.eventLoop)
            .channelOption(.recvAllocator, value: RelayLink.reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(unixDomainSocketPath: way.path)
            .assumeIsolated()
            .whenFailure { [weak self, weak way] _ in
                guard let self, let way else { return }
                way.link = nil
                self.reconnect(way)
            }
    }

    /// Nobody is there, now: while it is to be there it is asked again.
    private func reconnect(_ way: RelayWay) {
        self.loop.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [weak self, weak way] in
            if let self, let way { self.connect(way) }
        }
    }
}

/// The connection to one worker, and what is under way on it. Loop-bound.
private final class RelayWay: RelayEnd {
    let path: String
    var link: RelayLink?
    private(set) var isOpen = false
    private(set) var calls: [UInt32: RelayCall] = [:]
    private var lastStream: UInt32 = 0
    private var isLeaving = false
    var lost: (RelayCall) -> Void = { _ in }
    var closed: () -> Void = {}
    /// It is open.
    var opened: () -> Void = {}

    init(_ path: String) { self.path = path }

    func begin(_ exchange: any Exchange, mount: UInt32) {
        guard let link else { return }
        repeat { self.lastStream &+= 1 } while self.calls[self.lastStream] != nil || self.lastStream == 0
        let call = RelayCall(exchange, self.lastStream, on: link)
        self.calls[self.lastStream] = call
        call.begin(mount: mount)
    }

    /// Nothing new comes: it ends with what is under way.
    func letGo() {
        self.isOpen = false
        self.isLeaving = true
        if self.calls.isEmpty { self.link?.close() }
    }

    func linkOpened(_ link: RelayLink) {
        self.isOpen = !self.isLeaving
        self.opened()
    }

    func take(_ frame: RelayFrame, _ reader: RelayReader, on link: RelayLink) throws(RelayFault) {
        if frame.kind == .goAway { return self.letGo() }
        // One that has ended may still be told of.
        guard let call = self.calls[frame.stream] else { return }
        guard try call.take(frame, reader) else { return }
        self.calls[frame.stream] = nil
        if self.isLeaving, self.calls.isEmpty { link.close() }
    }

    func linkLost(_ link: RelayLink) {
        self.isOpen = false
        self.link = nil
        let calls = self.calls
        self.calls = [:]
        for call in calls.values { self.lost(call) }
        self.isLeaving = false
        self.closed()
    }

    func stop(_ link: RelayLink) {}
    func leave(_ link: RelayLink) {}
}
