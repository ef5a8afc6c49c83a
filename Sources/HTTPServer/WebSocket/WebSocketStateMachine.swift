/// The state of one WebSocket between its handshake and its end, and what comes next (RFC 6455 §4, §5.5, §7). A value without I/O.
package struct WebSocketStateMachine {
    private enum Phase: Equatable {
        /// Neither accepted nor rejected.
        case handshake
        /// A response is sent in its place.
        case rejecting
        case open
        /// The server has sent its close frame, the client has not.
        case closing
        /// Nothing more is received or sent.
        case closed
    }

    /// What to do about a close.
    package enum Next: Equatable {
        /// Answer the handshake with 403.
        case refuse
        /// Send a close frame, and wait for the client's.
        case sendClose
        /// Send a close frame; the connection ends behind it.
        case sendLastClose
        /// The connection ends.
        case finish
        /// Nothing: the WebSocket was closed before.
        case nothing
    }

    private var phase = Phase.handshake
    /// How the WebSocket ended, as it is reported to the handler; nil: it has not.
    package private(set) var end: WebSocketClose?

    package init() {}

    package var isOpen: Bool { self.phase == .open }
    /// Whether the handshake was accepted.
    package var isAccepted: Bool { self.phase != .handshake && self.phase != .rejecting }
    package var isClosing: Bool { self.phase == .closing }
    package var isClosed: Bool { self.phase == .closed }

    // MARK: Calls of the handler

    package func mayAccept() throws(SendFault) {
        switch self.phase {
        case .handshake: break
        case .rejecting: throw .socketRejected
        case .open, .closing, .closed: throw .acceptTwice
        }
    }

    package mutating func accepted() { self.phase = .open }

    package func mayReject() throws(SendFault) {
        switch self.phase {
        case .handshake, .rejecting: break
        case .open, .closing, .closed: throw .rejectTooLate
        }
    }

    package mutating func rejectionBegan() { self.phase = .rejecting }

    /// The response in its place is complete, or the client has left.
    mutating func rejected() {
        self.phase = .closed
        self.note(WebSocketClose(WebSocketClose.lost))
    }

    /// Whether a message may be sent; false: the client is gone.
    package func maySend() throws(SendFault) -> Bool {
        switch self.phase {
        case .handshake: throw .notAccepted
        case .rejecting: throw .socketRejected
        case .open: return true
        case .closing, .closed: return false
        }
    }

    /// The handler closes.
    package mutating func close(_ close: WebSocketClose) throws(SendFault) -> Next {
        switch self.phase {
        case .handshake:
            self.rejected()
            return .refuse
        case .rejecting: throw .socketRejected
        case .open:
            self.phase = .closing
            self.note(close)
            return .sendClose
        case .closing, .closed: return .nothing
        }
    }

    // MARK: Events of the client

    /// The client's close frame has arrived.
    package mutating func received(_ close: WebSocketClose) -> Next { self.ended(close) }

    /// The client has sent something invalid, or does not answer. The close frame that tells it why is the last.
    package mutating func failed(_ close: WebSocketClose, toldAs told: WebSocketClose? = nil) -> Next {
        self.ended(told ?? close)
    }

    private mutating func ended(_ close: WebSocketClose) -> Next {
        let wasOpen = self.phase == .open
        self.note(close)
        self.phase = .closed
        return wasOpen ? .sendLastClose : .finish
    }

    /// The connection is closed.
    package mutating func lost() {
        self.note(WebSocketClose(WebSocketClose.lost))
        self.phase = .closed
    }

    /// Records the end; the first one counts.
    private mutating func note(_ close: WebSocketClose) {
        if self.end == nil { self.end = close }
    }
}
