import NIOCore
import NIOEmbedded

@testable import HTTPRelay
@testable import HTTPServer

/// The front and the back of a relay, and clients of the front, connected without sockets: the test decides when bytes
/// move from one to the other.
final class RelayPair {
    let eventLoop = EmbeddedEventLoop()
    let route = RelayRoute("test")
    let applications = Applications()
    let front: ServerLoop
    let back: ServerLoop
    let serving: RelayServer
    private let frontHandler: FrontHandler
    private let frontChannel: EmbeddedChannel
    private let backChannel: EmbeddedChannel
    /// The number of exchanges that the front has answered itself after the loss of the link.
    private(set) var answeredAtFront = 0

    /// Passes every exchange to the route.
    private final class FrontHandler: RequestHandler {
        let route: RelayRoute
        var beforeRelay: () -> Void = {}
        var handler: ((any Exchange) -> Void)?
        init(_ route: RelayRoute) { self.route = route }

        func handle(_ exchange: any Exchange) {
            if let handler { return handler(exchange) }
            guard self.route.isOpen else {
                _ = exchange.end(failed: true)
                return exchange.recycle()
            }
            self.beforeRelay()
            self.route.start(exchange, mount: 1)
        }

        func release(_ body: ResponseBody) { body.release?(body.context) }
        func trimMemory() {}
    }

    /// Creates an application for every exchange at the back.
    final class Applications: RequestHandler {
        var all: [RelayedApplication] = []

        func handle(_ exchange: any Exchange) { self.all.append(RelayedApplication(exchange)) }
        func release(_ body: ResponseBody) { body.release?(body.context) }
        func trimMemory() {}
    }

    /// Called when a request has arrived, before it is relayed.
    var beforeRelay: () -> Void {
        get { self.frontHandler.beforeRelay }
        set { self.frontHandler.beforeRelay = newValue }
    }

    /// Handles the requests of clients in place of the route.
    var handler: ((any Exchange) -> Void)? {
        get { self.frontHandler.handler }
        set { self.frontHandler.handler = newValue }
    }

    init() throws {
        self.frontHandler = FrontHandler(self.route)
        let eventLoop = self.eventLoop
        let serverLoop = { (handler: any RequestHandler) in
            ServerLoop(
                eventLoop: eventLoop, configuration: ServerConfiguration(), count: ConnectionCount(),
                messages: MessageMemory(most: 1 << 20), handler: handler, log: nil)
        }
        self.front = serverLoop(self.frontHandler)
        self.back = serverLoop(self.applications)
        let applications = self.applications
        self.serving = RelayServer(loop: self.back) { exchange, _ in applications.handle(exchange) }
        self.frontChannel = EmbeddedChannel(loop: eventLoop)
        self.backChannel = EmbeddedChannel(loop: eventLoop)
        let frontLink = RelayLink(loop: self.front, serves: false, endpoint: self.route)
        self.route.link = frontLink
        let backLink = RelayLink(loop: self.back, serves: true, endpoint: self.serving)
        try self.frontChannel.pipeline.syncOperations.addHandler(frontLink)
        try self.backChannel.pipeline.syncOperations.addHandler(backLink)
        let address = try SocketAddress(unixDomainSocketPath: "/relay")
        try self.frontChannel.connect(to: address).wait()
        try self.backChannel.connect(to: address).wait()
        self.route.callLost = { [weak self] call in
            call.lost { exchange in
                self?.answeredAtFront += 1
                _ = exchange.respond(
                    status: 503, fields: HeaderFields(start: nil, count: 0), body: ResponseBody(.empty))
            }
        }
    }

    func connect() throws -> RelayedClient { try RelayedClient(self) }

    /// Whether the link is open at both ends.
    var isLinked: Bool { self.frontChannel.isActive && self.backChannel.isActive }

    /// Sets whether the front can write to the back without waiting.
    func frontWrites(_ isWritable: Bool) { self.change(self.frontChannel, isWritable) }

    /// Sets whether the back can write to the front without waiting.
    func backWrites(_ isWritable: Bool) { self.change(self.backChannel, isWritable) }

    private func change(_ channel: EmbeddedChannel, _ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
        self.eventLoop.run()
    }

    /// Moves at most this number of bytes in each direction. Returns whether any byte was moved.
    @discardableResult
    func transfer(most: Int = .max) throws -> Bool {
        self.eventLoop.run()
        let isMoved = try self.move(self.frontChannel, self.backChannel, &self.towardsBack, most)
        return try self.move(self.backChannel, self.frontChannel, &self.towardsFront, most) || isMoved
    }

    private var towardsBack = ByteBuffer()
    private var towardsFront = ByteBuffer()

    private func move(
        _ from: EmbeddedChannel, _ to: EmbeddedChannel, _ waiting: inout ByteBuffer, _ most: Int
    ) throws -> Bool {
        while var bytes = try from.readOutbound(as: ByteBuffer.self) { waiting.writeBuffer(&bytes) }
        guard let piece = waiting.readSlice(length: min(most, waiting.readableBytes)), piece.readableBytes > 0 else {
            if !from.isActive, to.isActive { _ = to.close() }
            return false
        }
        waiting.discardReadBytes()
        if to.isActive { try to.writeInbound(ByteBuffer(bytes: piece.readableBytesView)) }
        self.eventLoop.run()
        return true
    }

    /// Moves bytes until none are left.
    func runToCompletion() throws { while try self.transfer() {} }

    /// Closes both ends of the link.
    func loseLink() {
        _ = self.frontChannel.close()
        _ = self.backChannel.close()
        self.eventLoop.run()
    }

    /// Has the front or the back receive these bytes from the link.
    func inject(_ bytes: [UInt8], toFront: Bool) throws {
        let channel = toFront ? self.frontChannel : self.backChannel
        if channel.isActive { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
        self.eventLoop.run()
    }
}

/// A client of the front.
final class RelayedClient {
    private let channel: EmbeddedChannel
    private(set) weak var connection: HTTP1Connection?
    private unowned let pair: RelayPair

    init(_ pair: RelayPair) throws {
        self.pair = pair
        self.channel = EmbeddedChannel(loop: pair.eventLoop)
        let connection = HTTP1Connection(
            ConnectionStart(
                loop: pair.front, peer: Peer(client: "192.0.2.1", clientPort: 1, server: "192.0.2.2", serverPort: 80)))
        self.connection = connection
        try self.channel.pipeline.syncOperations.addHandler(connection)
        try self.channel.connect(to: try SocketAddress(unixDomainSocketPath: "/client")).wait()
    }

    func send(_ bytes: [UInt8]) throws {
        if self.channel.isActive { try self.channel.writeInbound(ByteBuffer(bytes: bytes)) }
        self.pair.eventLoop.run()
    }

    func send(_ text: String) throws { try self.send(Array(text.utf8)) }

    /// Returns the bytes that were written to the client.
    func read() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let data = try self.channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(let buffer) = data { bytes += buffer.readableBytesView }
        }
        return bytes
    }

    /// Sets whether the client reads the output of the server.
    func takesOutput(_ isWritable: Bool) {
        self.channel.isWritable = isWritable
        self.channel.pipeline.fireChannelWritabilityChanged()
        self.pair.eventLoop.run()
    }

    func endOutput() {
        if self.channel.isActive { self.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        self.pair.eventLoop.run()
    }

    func leave() {
        _ = self.channel.close()
        self.pair.eventLoop.run()
    }
}

/// An application at the back that is controlled by a test.
final class RelayedApplication: ExchangeOwner {
    /// `nil` once it has finished.
    private(set) var exchange: (any Exchange)?
    private(set) var bodySize = 0
    private(set) var messages: [String] = []
    /// The code of the disconnect; 0 for a request.
    private(set) var disconnected: Int?
    var isGone = false
    private(set) var isWritable = true
    private(set) var hasEnded = false
    private(set) var released = 0
    private var lent: [UnsafeMutablePointer<UInt8>] = []

    init(_ exchange: any Exchange) {
        self.exchange = exchange
        exchange.owner = self
    }

    deinit { for memory in self.lent { memory.deallocate() } }

    func exchange(changed change: ExchangeChange) {
        if case .gone = change { self.isGone = true }
        if case .writable = change { self.isWritable = true }
    }

    /// Receives until nothing more has arrived.
    func receive() {
        guard let exchange else { return }
        if let socket = exchange.webSocket {
            while true {
                switch socket.receive() {
                case .connect: break
                case .message(let octets, _): self.messages.append(octets.text)
                case .pending: return
                case .disconnect(let code, _):
                    self.disconnected = code
                    return
                }
            }
        }
        while true {
            switch exchange.receive() {
            case .part(let octets, let more):
                self.bodySize += octets.size
                guard more else { return }
            case .pending: return
            case .disconnect:
                self.disconnected = 0
                return
            }
        }
    }

    private static var noFields: HeaderFields { HeaderFields(start: nil, count: 0) }

    @discardableResult
    func start() -> SendOutcome? { self.exchange?.start(status: 200, fields: Self.noFields, trailers: false) }

    /// Sends a borrowed part of the body.
    @discardableResult
    func send(_ size: Int, more: Bool) -> SendOutcome? {
        guard let exchange else { return nil }
        return self.record(exchange.send(self.lend(size), more: more))
    }

    private func record(_ outcome: SendOutcome) -> SendOutcome {
        if case .pending = outcome { self.isWritable = false }
        return outcome
    }

    @discardableResult
    func respond(_ size: Int) -> SendOutcome? {
        self.exchange?.respond(status: 200, fields: Self.noFields, body: self.lend(size))
    }

    /// The number of borrowed bodies that were accepted.
    var taken = 0

    private func lend(_ size: Int) -> ResponseBody {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(size, 1))
        memory.initialize(repeating: 0x78, count: max(size, 1))
        self.lent.append(memory)
        return ResponseBody(
            Octets(memory, size),
            release: { Unmanaged<RelayedApplication>.fromOpaque($0!).takeUnretainedValue().released += 1 },
            context: Unmanaged.passUnretained(self).toOpaque())
    }

    @discardableResult
    func accept() -> SendOutcome? { self.exchange?.webSocket?.accept(subprotocol: .empty, fields: Self.noFields) }

    @discardableResult
    func send(message size: Int) -> SendOutcome? {
        self.exchange?.webSocket.map { self.record($0.send(self.lend(size), isText: false)) }
    }

    @discardableResult
    func close(_ code: Int) -> SendOutcome? { self.exchange?.webSocket?.close(code: code, reason: .empty) }

    /// Ends the exchange but does not recycle it. A second call does nothing.
    func end(failed: Bool = false) {
        guard let exchange, !self.hasEnded else { return }
        self.hasEnded = true
        _ = exchange.end(failed: failed)
    }

    /// Ends and recycles the exchange.
    func finish(failed: Bool = false) {
        self.end(failed: failed)
        self.exchange?.recycle()
        self.exchange = nil
    }
}
