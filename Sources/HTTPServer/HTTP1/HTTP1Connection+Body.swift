import NIOCore

/// The request's body, as the exchange asks for it.
extension HTTP1Connection {
    /// The next part of the request's body.
    func receive() -> Part {
        if self.machine.awaitsContinue {
            self.machine.continued()
            if self.input.readableBytes == 0 {
                self.loop.withOutput(of: self) {
                    HTTP1Encoder.write(Octets("HTTP/1.1 100 Continue\r\n\r\n"), into: &$0)
                }
                self.wrote()
            }
        }
        guard var part = self.bodyPart() else {
            guard !self.machine.inputEnded else { return self.refuseBody(.badRequest("the body broke off")) }
            self.resumeReading()
            return .pending
        }
        // A chunk whose end is here already is the last one: say so with it.
        if case .part(let buffer, more: true) = part,
            self.input.withUnsafeReadableBytes({ self.machine.bodyEnds(in: $0) })
        {
            _ = self.decode()
            part = .part(buffer, more: false)
        }
        self.resumeReading()
        return part
    }

    /// Nil: nothing is there yet.
    private func bodyPart() -> Part? {
        while true {
            let start = self.input
            switch self.decode() {
            case .part(let range):
                guard let slice = start.getSlice(at: start.readerIndex + range.lowerBound, length: range.count) else {
                    return .disconnect
                }
                return .part(slice, more: !self.machine.body.isComplete)
            case .trailer(let name, let value, _):
                start.withUnsafeReadableBytes { bytes in
                    self.exchange?.receive(
                        trailer: UnsafeRawBufferPointer(rebasing: bytes[name]),
                        value: UnsafeRawBufferPointer(rebasing: bytes[value])
                    )
                }
            case .end: return .part(ByteBuffer(), more: false)
            case .incomplete: return nil
            case .refused(let refusal): return self.refuseBody(refusal)
            }
        }
    }

    /// The body cannot be had: the client is told, if nothing else was; to the application it is gone.
    private func refuseBody(_ refusal: Refusal) -> Part {
        self.loop.log?.refused(peer: self.peer, status: refusal.status, reason: refusal.reason)
        self.exchange?.refuse(refusal, on: self)
        return .disconnect
    }
}
