import HTTPServer

/// The header of one relay frame: kind, stream and payload size. Frames carry exchanges from one worker process to
/// another.
///
/// The process with the client connection is the front, the one with the application is the back. Both run the same
/// `roost`, so the format has no version. Numbers are little-endian. Neither end trusts the other: each kind has a
/// largest size, and every number is checked.
struct RelayFrame {
    enum Kind: UInt8 {
        // MARK: Sent by the front
        /// The header of a request.
        case request = 1
        /// A part of the request body, and its last part.
        case part, lastPart
        /// The trailers of the request. They precede the last part of the body.
        case requestTrailers
        /// A WebSocket message, in either direction.
        case text, binary
        /// The client is gone. Output sent after this frame does not reach it.
        case gone
        /// The WebSocket has ended, with this code and reason. No message follows.
        case disconnect
        // MARK: Sent by the back
        case start, hint, send, sendLast, trailers, lastTrailers, respond
        case accept, reject, rejectPart, rejectLast, close
        /// The exchange was given up, for example after the drain timeout: the front closes the WebSocket or cuts the
        /// connection.
        case giveUp
        /// The application has finished, or has failed. The last frame of a stream.
        case end, failed
        // MARK: Sent by both
        /// From the back: the number of further body bytes, or WebSocket messages, that the front may send. From the
        /// front: the number of payload bytes that it acknowledges.
        case credit
        /// No new request may be sent on this link. Sent by the back; belongs to no stream.
        case goAway

        /// Whether a front sends frames of this kind.
        var isFromFront: Bool {
            switch self {
            case .request, .part, .lastPart, .requestTrailers, .text, .binary, .gone, .disconnect, .credit: true
            case .start, .hint, .send, .sendLast, .trailers, .lastTrailers, .respond, .accept, .reject, .rejectPart,
                .rejectLast, .close, .giveUp, .end, .failed, .goAway:
                false
            }
        }

        /// Whether the frame is part of a response to a request other than a WebSocket handshake.
        var isOfResponse: Bool {
            switch self {
            case .start, .hint, .send, .sendLast, .trailers, .lastTrailers: true
            default: false
            }
        }

        /// Whether a back sends frames of this kind.
        var isFromBack: Bool {
            switch self {
            case .text, .binary, .credit: true
            default: !self.isFromFront
            }
        }
    }

    static let headerSize = 9

    /// The largest part of a body in one frame, in bytes.
    static let maxPart = 64 * 1024
    /// The largest header of a request or a response, in bytes.
    static let maxHeader = 64 << 20
    /// The largest WebSocket message from a client, in bytes: the maximum of `--ws-max-size`.
    static let maxReceivedMessage = 1 << 30
    /// The largest WebSocket message that an application in another worker group can send, in bytes.
    static let maxSentMessage = 64 << 20

    let kind: Kind
    let stream: UInt32
    let size: Int

    /// Reads the header at the start of the bytes. Returns `nil` if it has not arrived completely.
    ///
    /// Throws `RelayFault` if the kind is unknown, if the other end must not send it, or if the payload is larger than
    /// the kind allows. `fromFront`: whether the other end is the front.
    init?(_ bytes: UnsafeRawBufferPointer, fromFront: Bool) throws(RelayFault) {
        guard bytes.count >= Self.headerSize else { return nil }
        self.size = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard let kind = Kind(rawValue: bytes[4]), fromFront ? kind.isFromFront : kind.isFromBack,
            self.size <= Self.most(kind, fromFront: fromFront)
        else { throw RelayFault() }
        self.kind = kind
        self.stream = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 5, as: UInt32.self))
    }

    /// The largest payload of a kind, in bytes.
    private static func most(_ kind: Kind, fromFront: Bool) -> Int {
        switch kind {
        case .part, .lastPart, .send, .sendLast, .rejectPart, .rejectLast: Self.maxPart
        case .text, .binary: fromFront ? Self.maxReceivedMessage : Self.maxSentMessage
        case .request, .requestTrailers, .start, .hint, .trailers, .lastTrailers, .accept, .reject:
            Self.maxHeader + 4096
        case .respond: Self.maxHeader + 4096 + Self.maxPart
        case .disconnect, .close: MemoryLayout<UInt16>.size + WebSocketClose.longestReason
        case .credit: MemoryLayout<UInt64>.size
        case .gone, .giveUp, .end, .failed, .goAway: 0
        }
    }
}

extension RelayFrame {
    /// Throws if the fields of a response do not fit into one frame.
    static func checkSize(_ fields: HeaderFields) throws(SendFault) {
        let size = fields.reduce(0) { $0 + $1.name.size + $1.value.size + 8 }
        guard size <= Self.maxHeader else { throw .tooLargeForFrame }
    }
}

extension SendFault {
    static let tooLargeForFrame = SendFault(
        "a header or a message exceeds 64 MiB, the limit of a worker group")
}

/// The other end has sent an invalid frame, or a frame that is not valid at this point. The link is closed.
struct RelayFault: Error {}
