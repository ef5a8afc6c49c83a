/// One stream of a session, with its unreceived input and its pending output. Loop-bound; reused.
final class HTTP2Stream: IndexedElement {
    /// The number of the stream; 0 if it is not used.
    fileprivate(set) var number: Int32 = 0
    /// The fields of the request.
    var block = HTTP2HeaderBlock()
    /// The trailers of the request.
    var trailers = HTTP2HeaderBlock()
    var input = HTTP2Input()
    /// Whether the request has no body: its header has ended the client's side.
    var isBodiless = false
    var body = HTTP2Body()
    /// The trailers of the response, until the last part of the body is sent.
    var responseTrailers: FieldList?
    /// Whether the last part of the body was sent.
    var isBodySent = false
    /// The bytes of `body` that are counted in the session's `pending`.
    var countedSize = 0
    /// Whether the stream has ended, and with which error.
    private(set) var error: UInt32?
    /// The progress of the client in reading the response.
    var progress = SendProgress()
    /// Whether an event of this kind waits to be handled.
    var isReadableNoted = false
    var isSentNoted = false
    /// The WebSocket on the stream, after its exchange has been recycled.
    var carrier: HTTP2WebSocketCarrier?
    /// The exchange of the request; nil before it was made, and after it was detached.
    // SAFETY: the connection holds the exchange as long as it is set here.
    unowned(unsafe) var exchange: HTTP2Exchange?
    /// The index in the list of the session's streams.
    var index = 0

    fileprivate func begin(_ number: Int32) {
        self.number = number
        self.block.clear()
        self.trailers.clear()
        self.input = HTTP2Input()
        self.isBodiless = false
        self.body = HTTP2Body()
        self.countedSize = 0
        self.responseTrailers = nil
        self.isBodySent = false
        self.error = nil
        self.progress = SendProgress()
        self.isReadableNoted = false
        self.isSentNoted = false
        self.carrier = nil
        self.exchange = nil
    }

    func ended(_ error: UInt32) { self.error = error }
}

/// The streams of a session, and those that wait to be used again.
struct HTTP2StreamList {
    private var list = IndexedList<HTTP2Stream>()
    private var spare: [HTTP2Stream] = []
    /// The maximum number of streams that are kept.
    private static let most = 16

    var open: [HTTP2Stream] { self.list.all }

    mutating func begin(_ number: Int32) -> HTTP2Stream {
        let stream = self.spare.popLast() ?? HTTP2Stream()
        stream.begin(number)
        self.list.append(stream)
        return stream
    }

    /// Removes a stream that has ended and is not used by an exchange.
    mutating func remove(_ stream: HTTP2Stream) {
        self.list.remove(stream)
        stream.number = 0
        if self.spare.count < Self.most { self.spare.append(stream) }
    }
}

@available(*, unavailable)
extension HTTP2Stream: Sendable {}
