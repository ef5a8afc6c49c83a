/// The framing of a request body, and how far it has been read. A value without I/O.
enum RequestBody {
    /// The body has been read completely, or there is none.
    case complete
    case length(Int)
    case chunked(ChunkedDecoder)

    init(_ framing: RequestFraming, limits: HTTP1Limits) {
        if framing.isChunked {
            self = .chunked(ChunkedDecoder(limits: limits))
        } else if let length = framing.contentLength, length > 0 {
            self = .length(length)
        } else {
            self = .complete
        }
    }

    static let tooLarge = Refusal(status: 413, reason: "request body too large")

    var isComplete: Bool {
        if case .complete = self { return true }
        return false
    }

    var isChunked: Bool {
        if case .chunked = self { return true }
        return false
    }

    /// Whether `bytes` contain the end of the body and no further data of it.
    func ends(in bytes: UnsafeRawBufferPointer) -> Bool {
        var body = self
        if case .end = body.next(bytes) { return true }
        return false
    }

    /// Decodes the start of `bytes`: see `ChunkedDecoder.Step`.
    mutating func next(_ bytes: UnsafeRawBufferPointer) -> ChunkedDecoder.Step {
        switch self {
        case .complete: return .end(consumed: 0)
        case .length(let left):
            guard bytes.count > 0 else { return .incomplete(consumed: 0) }
            let count = min(left, bytes.count)
            self = left > count ? .length(left - count) : .complete
            return .part(0..<count)
        case .chunked(var decoder):
            let step = decoder.next(bytes)
            if case .end = step { self = .complete } else { self = .chunked(decoder) }
            return step
        }
    }
}
