import HTTPServer
import Logging
import ModuleRuntime
import NIOCore
import RoostSettings
import RoostSystem

/// An application that is a closure. Thread-safe.
final class ClosureApplication: ProgramApplication {
    typealias Body = @Sendable (HostRequest) async throws -> HostResponse

    let body: Body
    /// Maximum size of a request body, in bytes; 413 above it.
    static let maxBody = 1 << 20

    init(_ body: @escaping Body) { self.body = body }

    func makeAnswerer(on loops: [ServerLoop.Handle], hiddenPath: String, logger: Logger) -> any MountAnswerer {
        ClosureAnswerer(self, loops: loops, hiddenPath: hiddenPath, logger: logger)
    }
}

/// Answers the requests of a mount with a closure.
final class ClosureAnswerer: MountAnswerer {
    private let application: ClosureApplication
    private let loops: [ServerLoop.Handle]
    private let logger: Logger
    private let hiddenPath: String

    /// `hiddenPath`: the path prefix that a proxy in front removes.
    init(_ application: ClosureApplication, loops: [ServerLoop.Handle], hiddenPath: String, logger: Logger) {
        self.application = application
        self.loops = loops
        self.hiddenPath = hiddenPath
        self.logger = logger
    }

    func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) {
        guard exchange.webSocket == nil else { return OwnAnswer.noWebSocket.give(to: exchange) }
        let call = ClosureCall(
            exchange, self.application, rootPath: self.hiddenPath + mounted.mount.path, hiddenPath: self.hiddenPath,
            on: self.loops[loop], logger: self.logger)
        exchange.owner = call
        call.collect()
    }
}

/// A request to a closure: collects the body, calls the closure, sends the response. Loop-bound.
private final class ClosureCall: ExchangeOwner {
    private let exchange: any Exchange
    private let application: ClosureApplication
    private let rootPath: String
    private let hiddenPath: String
    private let loop: ServerLoop.Handle
    private let logger: Logger
    private var body: [UInt8] = []
    private var isAsked = false
    private var isCollecting = false

    init(
        _ exchange: any Exchange, _ application: ClosureApplication, rootPath: String, hiddenPath: String,
        on loop: ServerLoop.Handle, logger: Logger
    ) {
        self.exchange = exchange
        self.application = application
        self.rootPath = rootPath
        self.hiddenPath = hiddenPath
        self.loop = loop
        self.logger = logger
    }

    func exchange(changed change: ExchangeChange) { if !self.isAsked, !self.isCollecting { self.collect() } }

    func collect() {
        // A call of the exchange may report a change while it runs.
        self.isCollecting = true
        defer { self.isCollecting = false }
        while true {
            switch self.exchange.receive() {
            case .pending: return
            case .disconnect: return self.end()
            case .part(let octets, let more):
                guard self.body.count + octets.size <= ClosureApplication.maxBody else {
                    OwnAnswer.bodyTooLarge.respond(to: self.exchange)
                    return self.end()
                }
                self.body += octets.bytes
                if !more { return self.ask() }
            }
        }
    }

    private func ask() {
        self.isAsked = true
        let head = self.exchange.head
        let request = HostRequest(
            method: head.method.text, path: head.prefix.text + self.hiddenPath + head.path.text,
            rootPath: head.prefix.text + self.rootPath,
            query: head.query.text, headers: head.fields.map { ($0.name.text, $0.value.text) }, body: self.body)
        let (application, loop, logger) = (self.application, self.loop, self.logger)
        let answered = loop.bound(self)
        Task {
            let response: HostResponse
            do {
                response = try await application.body(request)
            } catch {
                logger.log(.closureFailed, ["mount": "\(request.rootPath)", "reason": "\(error)"])
                response = .text("Internal Server Error", status: 500)
            }
            loop.eventLoop.execute { loop.bound.value.turn { answered.value.give(response) } }
        }
    }

    private func give(_ response: HostResponse) {
        // The octets point into these arrays, which live until the call returns.
        let texts = response.headers.flatMap { [Array($0.name.utf8), Array($0.value.utf8)] }
        let outcome = Self.withOctets(of: texts[...]) { octets in
            let fields = stride(from: 0, to: octets.count, by: 2).map {
                HeaderField(name: octets[$0], value: octets[$0 + 1])
            }
            return fields.withUnsafeBufferPointer { fields in
                response.body.withUnsafeBytes { bytes in
                    self.exchange.respond(
                        status: response.status, fields: fields, body: ResponseBody(Octets(bytes)))
                }
            }
        }
        if case .invalid(let fault) = outcome {
            self.logger.log(.closureFailed, ["mount": "\(self.rootPath)", "reason": "\(fault.reason)"])
            return self.end(failed: true)
        }
        self.end()
    }

    private static func withOctets<Result>(
        of texts: ArraySlice<[UInt8]>, _ octets: [Octets] = [], _ body: ([Octets]) -> Result
    ) -> Result {
        guard let first = texts.first else { return body(octets) }
        return first.withUnsafeBytes { bytes in
            Self.withOctets(of: texts.dropFirst(), octets + [Octets(bytes)], body)
        }
    }

    private func end(failed: Bool = false) {
        self.isAsked = true
        _ = self.exchange.end(failed: failed)
        self.exchange.recycle()
    }
}

@available(*, unavailable)
extension ClosureCall: Sendable {}
