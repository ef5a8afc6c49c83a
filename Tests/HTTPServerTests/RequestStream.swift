@testable import HTTPServer

/// The input of one connection, parsed into headers and bodies without sockets. Also used by the fuzzer.
struct RequestStream {
    enum Event: Equatable {
        case head([String])
        /// A request body, or the part of it that arrived.
        case body([UInt8])
        /// The end of a request, with its trailers.
        case end([String])
        /// A refusal, after which the rest of the input is ignored.
        case refused(Int)
    }

    /// Limits that are small enough for short streams to exceed.
    static let tight: HTTP1Limits = {
        var limits = HTTP1Limits()
        limits.requestLine = 48
        limits.field = 40
        limits.fields = 6
        limits.head = 160
        limits.chunkLine = 24
        limits.body = 12
        return limits
    }()

    private let limits: HTTP1Limits
    private var parser: HTTP1Parser
    private let head = RequestHead()
    private var body: RequestBody?
    private var input: [UInt8] = []
    private(set) var events: [Event] = []
    private var trailers: [String] = []

    init(limits: HTTP1Limits = HTTP1Limits()) {
        self.limits = limits
        self.parser = HTTP1Parser(limits: limits)
    }

    /// Returns the events of a stream that arrives in pieces of these sizes, followed by the rest in one piece.
    static func events(
        of bytes: some Collection<UInt8>, pieces: [Int] = [], limits: HTTP1Limits = HTTP1Limits()
    ) -> [Event] {
        var stream = RequestStream(limits: limits)
        var rest = bytes[...]
        for size in pieces where !rest.isEmpty {
            stream.receive(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        if !rest.isEmpty { stream.receive(rest) }
        return stream.events
    }

    mutating func receive(_ piece: some Collection<UInt8>) {
        self.input += piece
        while self.step() {}
    }

    /// Processes the next part of the input. Returns false if more input is needed.
    private mutating func step() -> Bool {
        if case .refused = self.events.last { return false }
        return self.body == nil ? self.readHead() : self.readBody()
    }

    private mutating func readHead() -> Bool {
        guard !self.input.isEmpty else { return false }
        switch self.input.withUnsafeBytes({ self.parser.parse($0, into: self.head) }) {
        case .incomplete: return false
        case .refused(let refusal): self.events.append(.refused(refusal.status))
        case .complete(let size):
            self.input.removeFirst(size)
            let line =
                "\(self.head.method.text) \(self.head.path.text) \(self.head.rawPath.text) \(self.head.query.text)"
            let fields = self.head.fields.map { "\($0.name.text)=\($0.value.text)" }
            self.events.append(.head([line, self.head.version.name.text] + fields))
            self.body = RequestBody(self.head.framing, limits: self.limits)
            self.events.append(.body([]))
        }
        return true
    }

    private mutating func readBody() -> Bool {
        guard var body, case .body(let before) = self.events.last else { return false }
        defer { if self.body != nil { self.body = body } }
        switch self.input.withUnsafeBytes({ body.next($0) }) {
        case .part(let range):
            self.events[self.events.count - 1] = .body(before + self.input[range])
            self.input.removeFirst(range.upperBound)
        case .trailer(let name, let value, let consumed):
            self.trailers.append(String(decoding: self.input[name] + [58] + self.input[value], as: UTF8.self))
            self.input.removeFirst(consumed)
        case .incomplete(let consumed):
            self.input.removeFirst(consumed)
            return false
        case .end(let consumed):
            self.input.removeFirst(consumed)
            self.events.append(.end(self.trailers))
            self.trailers = []
            self.body = nil
        case .refused(let refusal): self.events.append(.refused(refusal.status))
        }
        return true
    }
}
