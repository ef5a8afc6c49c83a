import NIOCore
import TestSupport
import Testing

@testable import HTTPServer

/// Tests of frames and messages from a client (RFC 6455 §5, §8.1; RFC 7692).
@Suite("WebSocket frames")
struct WebSocketReaderTests {
    private typealias Event = FrameStream.Event

    private func read(
        _ bytes: [UInt8], step: Int = .max, most: Int = 1 << 20, memory: MessageMemory = MessageMemory(most: 1 << 30),
        deflate: DeflateParameters? = nil
    ) -> [Event] {
        FrameStream.events(of: bytes, step: step, most: most, memory: memory, deflate: deflate)
    }

    private func read(_ frames: [WebSocketFrame], step: Int = .max, most: Int = 1 << 20) -> [Event] {
        self.read(frames.flatMap { $0.bytes() }, step: step, most: most)
    }

    @Test(
        "messages are read whole, in fragments, between control frames, and in pieces of every size",
        arguments: [1, 2, 3, 7, 64, 5000])
    func messages(step: Int) {
        let long = [UInt8]((0..<70_000).map { UInt8(truncatingIfNeeded: $0) })
        let frames: [WebSocketFrame] = [
            .text("hello"), .binary(long), .text(""), .binary(Array(long.prefix(126))), .text("é"),
            WebSocketFrame(1, Array("one ".utf8), isFinal: false), WebSocketFrame(9, [1, 2]),
            WebSocketFrame(0, [], isFinal: false), WebSocketFrame(10), WebSocketFrame(0, Array("two".utf8)),
            .close(1000, "bye"),
        ]
        #expect(
            self.read(frames, step: step) == [
                .text("hello"), .binary(long), .text(""), .binary(Array(long.prefix(126))), .text("é"), .ping([1, 2]),
                .pong, .text("one two"), .close(1000, "bye"),
            ])
    }

    @Test(
        "the memory of a refused message is freed at once, not when the client closes",
        arguments: [
            // Too large in the second frame; not UTF-8 at the last byte; interrupted by an invalid control frame.
            [
                WebSocketFrame(2, [UInt8](repeating: 0, count: 90_000), isFinal: false),
                WebSocketFrame(0, [UInt8](repeating: 0, count: 90_000)),
            ],
            [WebSocketFrame(1, [UInt8](repeating: 0x61, count: 90_000) + [0xc3])],
            [WebSocketFrame(2, [UInt8](repeating: 0, count: 90_000), isFinal: false), WebSocketFrame(11)],
        ])
    func refusedMemory(frames: [WebSocketFrame]) {
        let memory = MessageMemory(most: 1 << 20)
        let scratch = WebSocketScratch()
        var reader = WebSocketReader(most: 100_000, memory: memory, scratch: scratch, inflater: nil)
        var bytes = frames.flatMap { $0.bytes() }[...]
        var isRefused = false
        while !isRefused {
            let (step, consumed) = bytes.withUnsafeBytes { reader.next($0) }
            bytes = bytes.dropFirst(consumed)
            if case .failed = step { isRefused = true } else if consumed == 0 { break }
        }
        #expect(isRefused)
        #expect(reader.message.capacity == 0)
        #expect(memory.reserve(1 << 20))
    }

    @Test("an invalid frame fails with 1002")
    func malformed() {
        let cases: [(String, [UInt8])] = [
            ("a reserved bit", WebSocketFrame(1, reserved: 0x20).bytes()),
            ("the bit of compression, which was not agreed upon", WebSocketFrame(1, reserved: 0x40).bytes()),
            ("an opcode that is not known", WebSocketFrame(3).bytes()),
            ("a control opcode that is not known", WebSocketFrame(11).bytes()),
            ("not masked", WebSocketFrame(1).bytes(mask: nil)),
            ("a ping in fragments", WebSocketFrame(9, isFinal: false).bytes()),
            ("a ping of 126 bytes", WebSocketFrame(9, [UInt8](repeating: 0, count: 126)).bytes()),
            ("a continuation of nothing", WebSocketFrame(0).bytes()),
            ("a message within another", WebSocketFrame(1, isFinal: false).bytes() + WebSocketFrame(1).bytes()),
            ("a length of 16 bits that needs 7", [0x82, 0xfe, 0, 125, 0, 0, 0, 0]),
            ("a length of 64 bits that needs 16", [0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]),
            ("a length of 64 bits with the highest set", [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("half a close code", WebSocketFrame(8, [3]).bytes()),
            ("close code 1005", WebSocketFrame.close(1005).bytes()),
            ("close code 999", WebSocketFrame.close(999).bytes()),
            ("close code 2999", WebSocketFrame.close(2999).bytes()),
        ]
        for (what, bytes) in cases {
            #expect(self.read(bytes) == [.failed(1002)], "\(what)")
            #expect(self.read(bytes, step: 1) == [.failed(1002)], "\(what), byte by byte")
        }
        #expect(self.read([WebSocketFrame(8)]) == [.close(1005, "")])
        #expect(self.read([WebSocketFrame(8, [3, 232, 0xff])]) == [.failed(1007)])
    }

    @Test("a text that is not UTF-8 fails with 1007 at the first invalid byte")
    func text() {
        let bad: [[UInt8]] = [
            [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x9f, 0xbf], [0xed, 0xa0, 0x80], [0xf0, 0x8f, 0xbf, 0xbf],
            [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80], [0xff], [0xc3, 0x28], [0xe2, 0x82, 0x28],
        ]
        for bytes in bad {
            // The invalid byte is in the payload of an incomplete frame.
            var frame = WebSocketFrame(1, Array("plenty of text ".utf8) + bytes + [0x41]).bytes()
            frame.removeLast()
            #expect(self.read(frame) == [.failed(1007)], "\(bytes)")
            #expect(self.read(frame, step: 1) == [.failed(1007)], "\(bytes)")
        }
        #expect(self.read([WebSocketFrame(1, [0xe2, 0x82])]) == [.failed(1007)])
        #expect(
            self.read([WebSocketFrame(1, [0xe2], isFinal: false), WebSocketFrame(0, [0x82, 0xac])]) == [.text("€")])
        #expect(self.read([WebSocketFrame(2, [0xff])]) == [.binary([0xff])])
    }

    @Test("a message above the limit fails with 1009: by its announced length, in fragments, or when decompressed")
    func limit() {
        let exact = [UInt8](repeating: 7, count: 1000)
        #expect(self.read([.binary(exact)], most: 1000) == [.binary(exact)])
        // Refused before any byte of the payload arrives.
        #expect(self.read(Array(WebSocketFrame.binary(exact + [1]).bytes().prefix(8)), most: 1000) == [.failed(1009)])
        #expect(
            self.read([WebSocketFrame(2, exact, isFinal: false), WebSocketFrame(0, [1])], most: 1000) == [.failed(1009)]
        )
        let agreement = DeflateParameters()
        let bomb = agreement.deflater.deflated([UInt8](repeating: 0, count: 1 << 20))
        #expect(bomb.count < 2000)
        let frame = WebSocketFrame(2, bomb, reserved: 0x40)
        #expect(self.read(frame.bytes(), most: 1000, deflate: agreement) == [.failed(1009)])
        #expect(self.read(frame.bytes(), deflate: agreement) == [.binary([UInt8](repeating: 0, count: 1 << 20))])
    }

    @Test("a message that exceeds the limit of all incomplete messages fails with 1013")
    func memory() {
        let memory = MessageMemory(most: 64 << 10)
        let half = [UInt8](repeating: 7, count: 30 << 10)
        let begun = WebSocketFrame(2, half, isFinal: false)
        #expect(memory.reserve(40 << 10))
        #expect(self.read(begun.bytes(), memory: memory) == [.failed(1013)])
        memory.give(40 << 10)
        // A reader frees its memory when it ends.
        for _ in 0..<10 {
            #expect(self.read(begun.bytes() + WebSocketFrame(0, [1]).bytes(), memory: memory) == [.binary(half + [1])])
        }
        #expect(memory.reserve(64 << 10))
    }

    @Test(
        "compressed messages are read with all parameters, in fragments and in pieces", arguments: [1, 5, 1000])
    func deflate(step: Int) {
        let text = String(repeating: "what was said before is said again, ", count: 40)
        for clientTakesOver in [true, false] {
            for bits in [9, 12, 15] {
                var agreement = DeflateParameters()
                agreement.serverBits = bits
                agreement.clientBits = bits
                agreement.clientTakesOver = clientTakesOver
                agreement.serverTakesOver = clientTakesOver
                // The server's deflater stands in for the client's.
                let deflater = agreement.deflater
                let first = deflater.deflated(Array(text.utf8))
                let second = deflater.deflated(Array(text.utf8))
                #expect(clientTakesOver ? second.count < first.count : second == first)
                let frames = [
                    WebSocketFrame(1, Array(first.prefix(7)), isFinal: false, reserved: 0x40), WebSocketFrame(9),
                    WebSocketFrame(0, Array(first.dropFirst(7))), WebSocketFrame(1, second, reserved: 0x40),
                    .text("as it is"),
                ]
                #expect(
                    self.read(frames.flatMap { $0.bytes() }, step: step, deflate: agreement) == [
                        .ping([]), .text(text), .text(text), .text("as it is"),
                    ])
            }
        }
    }

    @Test("a message that is not deflated data fails with 1007, a compression bit in a later frame with 1002")
    func notDeflated() {
        let agreement = DeflateParameters()
        #expect(
            self.read(WebSocketFrame(2, [0xff, 0xff], reserved: 0x40).bytes(), deflate: agreement) == [.failed(1007)])
        #expect(
            self.read(
                WebSocketFrame(2, isFinal: false).bytes() + WebSocketFrame(0, reserved: 0x40).bytes(),
                deflate: agreement)
                == [.failed(1002)])
        #expect(self.read(WebSocketFrame(9, reserved: 0x40).bytes(), deflate: agreement) == [.failed(1002)])
        // Two blocks, the first of which is final (RFC 7692 §7.2.3.5).
        let twoBlocks: [UInt8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]
        let frame = WebSocketFrame(1, twoBlocks, reserved: 0x40).bytes()
        #expect(self.read(frame + frame, deflate: agreement) == [.text("Hello"), .text("Hello")])
    }

    @Test("freeing the state of compression between messages loses no data")
    func putAside() throws {
        let agreement = DeflateParameters()
        let client = agreement.deflater
        let inflater = agreement.inflater
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
        defer { room.deallocate() }
        let text = Array("the same again, the same again".utf8)
        for _ in 0..<5 {
            var inflated: [UInt8] = []
            try (client.deflated(text) + [0, 0, 0xff, 0xff]).withUnsafeBytes { bytes in
                try inflater.feed(bytes)
                while let part = try inflater.next(room) { inflated += part }
            }
            #expect(inflated == text)
            inflater.messageEnded()
            inflater.putAside()
        }
        // After its state was freed, the deflater compresses without reference to earlier messages.
        let before = client.deflated(text)
        client.putAside()
        #expect(client.deflated(text).count > before.count)
    }

    @Test("the result does not depend on how a stream of frames is split")
    func pieces() {
        var numbers = SeededNumbers(state: 7)
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let payload = (0..<Int.random(in: 0...200, using: &numbers)).map { _ in
                    UInt8.random(in: 0...127, using: &numbers)
                }
                let opcode = ([0, 1, 2, 8, 9, 10] as [UInt8]).randomElement(using: &numbers) ?? 1
                bytes += WebSocketFrame(opcode, payload, isFinal: .random(using: &numbers)).bytes()
            }
            // Corrupts one byte.
            if Bool.random(using: &numbers) { bytes[Int.random(in: 0..<bytes.count, using: &numbers)] ^= 1 << 4 }
            let whole = self.read(bytes, most: 300)
            for step in [1, 3, 50] { #expect(self.read(bytes, step: step, most: 300) == whole) }
        }
    }
}

extension MessageDeflater {
    /// Returns the payload of a compressed message.
    func deflated(_ message: [UInt8]) -> [UInt8] {
        message.withUnsafeBytes { self.deflate($0).map { Array($0.readableBytesView) } ?? [] }
    }
}
