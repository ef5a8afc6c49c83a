/// Where one WebSocket stands between its handshake and its end, and what comes next (RFC 6455 §4, §5.5, §7; asgiref's
/// www.rst). A value without I/O.
package struct WebSocketStateMachine {
    private enum Phase: Equatable {
        /// Neither taken nor refused.
        case handshake
        /// A response goes in its place.
        case rejecting
        case open
        /// Our close has left; the client's is waited for.
        case closing
        /// Nothing more will come or go.
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
        /// Nothing: it is known already.
        case nothing
    }

    private var phase = Phase.handshake
    /// How it ended, as the application is told; nil: it has not.
    package private(set) var end: WebSocketClose?

    package init() {}

    package var isOpen: Bool { self.phase == .open }
    /// The handshake was taken: the connection speaks WebSocket.
    package var isAccepted: Bool { self.phase != .handshake && self.phase != .rejecting }
    package var isClosing: Bool { self.phase == .closing }
    package var isClosed: Bool { self.phase == .closed }

    // MARK: What the application asks

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

    /// The response in its place was taken whole, or the client left.
    mutating func rejected() {
        self.phase = .closed
        self.note(WebSocketClose(WebSocketClose.lost))
    }

    /// Whether a message may be sent; false: nobody is there to get it.
    package func maySend() throws(SendFault) -> Bool {
        switch self.phase {
        case .handshake: throw .notAccepted
        case .rejecting: throw .socketRejected
        case .open: return true
        case .closing, .closed: return false
        }
    }

    /// The application closes.
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

    // MARK: What the client does

    /// Its close frame has come.
    package mutating func received(_ close: WebSocketClose) -> Next { self.ended(close) }

    /// It has sent what cannot be taken, or says nothing any more: it is told why, and that is the end.
    package mutating func failed(_ close: WebSocketClose, toldAs told: WebSocketClose? = nil) -> Next {
        self.ended(told ?? close)
    }

    private mutating func ended(_ close: WebSocketClose) -> Next {
        let wasOpen = self.phase == .open
        self.note(close)
        self.phase = .closed
        return wasOpen ? .sendLastClose : .finish
    }

    /// Its connection is gone.
    package mutating func lost() {
        self.note(WebSocketClose(WebSocketClose.lost))
        self.phase = .closed
    }

    /// The first end is the one that counts.
    private mutating func note(_ close: WebSocketClose) {
        if self.end == nil { self.end = close }
    }
}
