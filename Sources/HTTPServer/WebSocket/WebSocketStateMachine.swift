/// The state of one WebSocket from handshake to end, and the next step (RFC 6455 §4, §5.5, §7). A value without I/O.
package struct WebSocketStateMachine {
    private enum Phase: Equatable {
        /// The handshake is neither accepted nor rejected.
        case handshake
        /// A response is sent in place of the WebSocket.
        case rejecting
        case open
        /// The server has sent its close frame, the client has not.
        case closing
        /// Nothing more is received or sent.
        case closed
    }

    /// The next step of a close.
    package enum Next: Equatable {
        /// Answer the handshake with 403.
        case refuse
        /// Send a close frame, and wait for the client's.
        case sendClose
        /// Send a close frame, and then end the connection.
        case sendLastClose
        /// End the connection.
        case finish
        /// Nothing: the WebSocket is already closed.
        case nothing
    }

    private var phase = Phase.handshake
    /// The close that is reported to the handler; nil if the WebSocket has not ended.
    package private(set) var end: WebSocketClose?

    package init() {}

    package var isOpen: Bool { self.phase == .open }
    /// Whether the handshake was accepted.
    package var isAccepted: Bool { self.phase != .handshake && self.phase != .rejecting }
    package var isClosing: Bool { self.phase == .closing }
    package var isClosed: Bool { self.phase == .closed }

    // MARK: Handler calls

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

    /// Ends a WebSocket whose handshake was not accepted.
    mutating func rejected() {
        self.phase = .closed
        self.note(WebSocketClose(WebSocketClose.lost))
    }

    /// Whether a message may be sent; false if the WebSocket is closing or closed. Throws `SendFault` if the handshake
    /// was not accepted.
    package func maySend() throws(SendFault) -> Bool {
        switch self.phase {
        case .handshake: throw .notAccepted
        case .rejecting: throw .socketRejected
        case .open: return true
        case .closing, .closed: return false
        }
    }

    /// Called when the handler closes.
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

    // MARK: Client events

    /// Called when the client's close frame has arrived.
    package mutating func received(_ close: WebSocketClose) -> Next { self.ended(close) }

    /// Called when the client has sent something invalid, or does not respond. No further frame follows the close frame
    /// with the reason. `reported`: the close that is reported to the handler, if it differs.
    package mutating func failed(_ close: WebSocketClose, reportedAs reported: WebSocketClose? = nil) -> Next {
        self.ended(reported ?? close)
    }

    private mutating func ended(_ close: WebSocketClose) -> Next {
        let wasOpen = self.phase == .open
        self.note(close)
        self.phase = .closed
        return wasOpen ? .sendLastClose : .finish
    }

    /// Called when the connection is closed.
    package mutating func lost() {
        self.note(WebSocketClose(WebSocketClose.lost))
        self.phase = .closed
    }

    /// Records the close, unless one is already recorded.
    private mutating func note(_ close: WebSocketClose) {
        if self.end == nil { self.end = close }
    }
}
