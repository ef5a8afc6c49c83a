import NIOCore
import Testing

@testable import HTTPRelay
@testable import HTTPServer

/// The frame format and the values without I/O: frames are read within their bounds, or rejected.
@Suite("Relay")
struct RelayTests {
    private func bytes(_ buffer: ByteBuffer) -> [UInt8] { Array(buffer.readableBytesView) }

    @Test("a frame is read as it was written, once it is complete")
    func frames() throws {
        var buffer = ByteBuffer()
        let writer = RelayWriter(.start, 7, to: &buffer)
        writer.write(UInt16(404), to: &buffer)
        writer.write(Octets("text"), to: &buffer)
        let field = HeaderField(name: Octets("a"), value: Octets("b"))
        withUnsafePointer(to: field) { writer.write(HeaderFields(start: $0, count: 1), to: &buffer) }
        writer.writeRest(Octets("rest").bytes, to: &buffer)
        writer.end(in: &buffer)
        let bytes = self.bytes(buffer)
        try bytes.withUnsafeBytes { all in
            for count in 0..<RelayFrame.headerSize {
                #expect(try! RelayFrame(UnsafeRawBufferPointer(rebasing: all[..<count]), fromFront: false) == nil)
            }
            let frame = try RelayFrame(all, fromFront: false)!
            #expect(frame.kind == .start)
            #expect(frame.stream == 7)
            #expect(frame.size == all.count - RelayFrame.headerSize)
            var reader = RelayReader(UnsafeRawBufferPointer(rebasing: all[RelayFrame.headerSize...]))
            #expect(try! reader.number(UInt16.self) == 404)
            #expect(try! reader.octets().text == "text")
            let fields = try reader.withFields { $0.map { "\($0.name.text)=\($0.value.text)" } }
            #expect(fields == ["a=b"])
            #expect(reader.rest.text == "rest")
        }
    }

    @Test("a request header is decoded as it was encoded, and rejected if it is truncated")
    func heads() throws {
        let head = RequestHead()
        var parser = HTTP1Parser(limits: HTTP1Limits())
        let request = Array("GET /a%20b?q=1 HTTP/1.1\r\nhost: x:80\r\nx-one: 1\r\nte: trailers\r\n\r\n".utf8)
        guard case .complete = request.withUnsafeBytes({ parser.parse($0, into: head) }) else {
            Issue.record("no request")
            return
        }
        let peer = Peer(client: "10.0.0.1", clientPort: 1234, server: "10.0.0.2", serverPort: 80)
        var buffer = ByteBuffer()
        let writer = RelayWriter(.request, 1, to: &buffer)
        RelayHead.write(head, peer, subprotocols: [Octets("chat")], mount: 9, isBodiless: true, writer, to: &buffer)
        writer.end(in: &buffer)
        let payload = Array(self.bytes(buffer).dropFirst(RelayFrame.headerSize))
        let taken = RequestHead(capacity: 16, fields: 1)
        try payload.withUnsafeBytes { bytes in
            let rest = try RelayHead.decode(Octets(bytes), into: taken)
            #expect(rest.mount == 9)
            #expect(rest.isBodiless)
            #expect(rest.client.text == "10.0.0.1")
            #expect(rest.serverPort == 80)
            #expect(rest.subprotocols.map(\.text) == ["chat"])
        }
        #expect(taken.method.text == "GET")
        #expect(taken.path.text == "/a b")
        #expect(taken.rawPath.text == "/a%20b")
        #expect(taken.query.text == "q=1")
        #expect(taken.authority.text == "x:80")
        #expect(
            taken.fields.map { "\($0.name.text)=\($0.value.text)" }
                == head.fields.map { "\($0.name.text)=\($0.value.text)" })
        for count in 0..<payload.count {
            // Allocated separately, so that a sanitizer detects reads out of bounds.
            let cut = Array(payload[..<count])
            #expect(throws: RelayFault.self, "\(count)") {
                try cut.withUnsafeBytes { bytes in _ = try RelayHead.decode(Octets(bytes), into: taken) }
            }
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var broken = payload
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // The result does not matter: decoding must not crash.
            try? broken.withUnsafeBytes { bytes in _ = try RelayHead.decode(Octets(bytes), into: taken) }
        }
    }

    @Test("a body is granted one window at a time, and a part that was not granted is a fault")
    func input() throws {
        var input = RelayInput()
        func next() -> String {
            switch input.next() {
            case .part(let bytes, let more): "\(bytes.readableBytes)\(more ? "+" : "")"
            case .wait(let credit): "grant \(credit)"
            }
        }
        #expect(next() == "grant \(RelayInput.window)")
        #expect(next() == "grant 0")
        try input.append(Octets("abc"), isLast: false)
        #expect(next() == "3+")
        #expect(next() == "grant 0")
        try input.append(Octets("de"), isLast: true)
        #expect(next() == "2")
        #expect(next() == "grant 0")
        #expect(throws: RelayFault.self) { try input.append(Octets("f"), isLast: true) }
        input = RelayInput()
        #expect(throws: RelayFault.self) { try input.append(Octets("f"), isLast: true) }
        input.end()
        #expect(next() == "0")
        #expect(next() == "grant 0")
    }

    @Test("credit above the window is a fault")
    func credit() throws {
        var credit = RelayCredit(window: 10)
        try credit.grant(4)
        credit.spend(3)
        #expect(credit.available == 1)
        try credit.grant(9)
        for count in [UInt64(1), UInt64(Int.max), .max] {
            #expect(throws: RelayFault.self) { try credit.grant(count) }
        }
        #expect(credit.available == 10)
    }

    @Test("the front acknowledges in batches, and more than a back may send is a fault")
    func debt() throws {
        var debt = RelayAcknowledger(writeLimit: 1 << 20, writeMark: 64 * 1024)
        try debt.receive(1000)
        #expect(debt.removeBatch() == nil)
        try debt.receive(16 * 1024)
        #expect(debt.removeBatch() == 1000 + 16 * 1024)
        #expect(debt.removeAll() == nil)
        for _ in 0..<2 { try debt.receive(RelayFrame.maxSentMessage) }
        #expect(throws: RelayFault.self) { try debt.receive(RelayFrame.maxSentMessage) }
        #expect(throws: RelayFault.self) { try debt.receive(.max) }
    }

    @Test(
        "unacknowledged bytes at the front stay below the mark at which the back resumes",
        arguments: [1, 4096, 32 << 10, 16 << 20])
    func smallMark(mark: Int) throws {
        var debt = RelayAcknowledger(writeLimit: 1 << 20, writeMark: mark)
        var unacknowledged = 0
        for size in [1, 3000, 3000, 16_383, 16_383, 1] {
            try debt.receive(size)
            unacknowledged += size
            unacknowledged -= debt.removeBatch() ?? 0
            #expect(unacknowledged <= mark / 2)
        }
    }

    @Test("a large body is sent in pieces, in order, and released after the last")
    func window() throws {
        var window = RelayWindow()
        let size = RelayWindow.piece + 10
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { memory.deallocate() }
        memory.initialize(repeating: 1, count: size)
        let body = ResponseBody(Octets(memory, size), release: { _ in }, context: nil)
        window.hold(body, .send, last: .sendLast)
        window.hold(ByteBuffer(string: "frame"))
        func next() -> String {
            switch window.next() {
            case .nothing: "nothing"
            case .frame(let frame): "frame \(frame.readableBytes)"
            case .part(let octets, let kind, let finished):
                "\(kind) \(octets.size)\(finished == nil ? "" : " finished")"
            case .piece(let bytes, let kind): "\(kind) \(bytes.readableBytes)"
            case .fault: "fault"
            }
        }
        #expect(next() == "send \(RelayWindow.piece)")
        #expect(window.isBusy)
        #expect(next() == "sendLast 10 finished")
        #expect(next() == "frame 5")
        #expect(next() == "nothing")
        window.hold(body, .send, last: .send)
        _ = next()
        #expect(window.drop().count == 1)
        #expect(!window.isBusy)
        window.sent(100)
        let isUnasked = try window.acknowledge(60, mark: 100)
        #expect(!isUnasked)
        window.isAwaited = true
        let isAsked = try window.acknowledge(0, mark: 100)
        #expect(isAsked)
        for size in [UInt64(41), UInt64(Int.max), .max] {
            #expect(throws: RelayFault.self) { try window.acknowledge(size, mark: 100) }
        }
        #expect(window.unacknowledged == 40)
    }
}
