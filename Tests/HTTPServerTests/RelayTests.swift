import NIOCore
import Testing

@testable import HTTPServer

/// The frames of a relay, without a socket: whatever comes is read within its bounds, or refused.
@Suite("Relay")
struct RelayTests {
    private func bytes(_ buffer: ByteBuffer) -> [UInt8] { Array(buffer.readableBytesView) }

    @Test("a frame is read as it was written, and not before it is whole")
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
            for count in 0..<RelayFrame.headSize {
                #expect(try! RelayFrame(UnsafeRawBufferPointer(rebasing: all[..<count])) == nil)
            }
            let frame = try RelayFrame(all)!
            #expect(frame.kind == .start)
            #expect(frame.stream == 7)
            #expect(frame.size == all.count - RelayFrame.headSize)
            var reader = RelayReader(UnsafeRawBufferPointer(rebasing: all[RelayFrame.headSize...]))
            #expect(try! reader.number(UInt16.self) == 404)
            #expect(try! reader.octets().text == "text")
            let fields = try reader.withFields { $0.map { "\($0.name.text)=\($0.value.text)" } }
            #expect(fields == ["a=b"])
            #expect(reader.rest.text == "rest")
        }
    }

    @Test("a head of a request survives the way; cut anywhere it is refused, and nothing is read beyond it")
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
        let payload = Array(self.bytes(buffer).dropFirst(RelayFrame.headSize))
        let taken = RequestHead(capacity: 16, fields: 1)
        try payload.withUnsafeBytes { bytes in
            let rest = try RelayHead.take(Octets(bytes), into: taken)
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
            // Memory of its own, so that a sanitizer sees whatever is read beyond it.
            let cut = Array(payload[..<count])
            #expect(throws: RelayFault.self, "\(count)") {
                try cut.withUnsafeBytes { bytes in _ = try RelayHead.take(Octets(bytes), into: taken) }
            }
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var broken = payload
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // Taken or refused: it does not crash.
            try? broken.withUnsafeBytes { bytes in _ = try RelayHead.take(Octets(bytes), into: taken) }
        }
    }

    @Test("a body is asked for a window at a time, and only when somebody receives")
    func input() {
        var input = RelayInput()
        func next() -> String {
            switch input.next() {
            case .part(let bytes, let more): "\(bytes.readableBytes)\(more ? "+" : "")"
            case .wait(let credit): "ask \(credit)"
            }
        }
        #expect(next() == "ask \(RelayInput.window)")
        #expect(next() == "ask 0")
        input.append(Octets("abc"), isLast: false)
        #expect(next() == "3+")
        #expect(next() == "ask 0")
        input.append(Octets("de"), isLast: true)
        #expect(next() == "2")
        #expect(next() == "ask 0")
        input = RelayInput()
        input.end()
        #expect(next() == "0")
        #expect(next() == "ask 0")
    }

    @Test("what is large goes in pieces, in its order, and lends its bytes until the last of them")
    func window() {
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
        let isUnasked = window.credited(60, mark: 100)
        #expect(!isUnasked)
        window.isAwaited = true
        let isAsked = window.credited(0, mark: 100)
        #expect(isAsked)
    }
}
