import Testing

@testable import RoostSystem

@Suite("Messages between processes")
struct MessageTests {
    /// A message with every kind of value.
    struct Everything: MessageCodable, Equatable {
        var flag = false
        var number = 0
        var id: UInt32 = 0
        var text = ""
        var bytes: [UInt8] = []
        var list: [String] = []
        var map: [UInt32: String] = [:]
        var maybe: Int?

        func encode(to writer: inout MessageWriter) {
            writer.write(self.flag)
            writer.write(self.number)
            writer.write(self.id)
            writer.write(self.text)
            writer.write(bytes: self.bytes)
            writer.write(self.list)
            writer.write(self.map)
            writer.write(self.maybe)
        }

        init() {}

        init(from reader: inout MessageReader) throws(MessageFault) {
            self.flag = try reader.read()
            self.number = try reader.read()
            self.id = try reader.read()
            self.text = try reader.read()
            self.bytes = try reader.readBytes()
            self.list = try reader.readList()
            self.map = try reader.readMap()
            self.maybe = try reader.readOptional()
        }
    }

    private let value: Everything = {
        var value = Everything()
        value.flag = true
        value.number = .min
        value.id = .max
        value.text = "a\nb\0 \u{2028}ü 👩‍🚀 \"{}[]: &*"
        value.bytes = Array(0...255)
        value.list = ["", "x", "\n"]
        value.map = [7: "seven", 0: ""]
        value.maybe = -1
        return value
    }()

    @Test("every value survives encoding, even if its bytes arrive one at a time or with other messages")
    func roundTrip() throws {
        let stream =
            MessageFrame.encode(self.value) + MessageFrame.encode(Everything()) + MessageFrame.encode(self.value)
        var buffer = MessageBuffer<Everything>(limit: 10_000)
        var received: [Everything] = []
        for byte in stream { received += try buffer.receive([byte]) }
        #expect(received == [self.value, Everything(), self.value])
        #expect(try buffer.receive(stream) == received)
    }

    @Test("a message that is truncated anywhere, or has bytes after its end, is refused")
    func truncated() throws {
        var writer = MessageWriter()
        writer.write(self.value)
        let bytes = writer.bytes
        for count in 0..<bytes.count {
            #expect(throws: MessageFault.self) {
                var reader = MessageReader(bytes.prefix(count))
                _ = try Everything(from: &reader)
            }
        }
        var frame = MessageFrame.encode(self.value) + [0]
        frame[0] += 1
        var buffer = MessageBuffer<Everything>(limit: 10_000)
        #expect(throws: MessageFault("unexpected bytes after the end of a message")) { try buffer.receive(frame) }
    }

    @Test(
        "a count that exceeds the bytes of the message is refused",
        arguments: [UInt32.max, 1 << 30, 5] as [UInt32])
    func counts(count: UInt32) {
        var writer = MessageWriter()
        writer.writeNumber(count)
        writer.write("abc")
        #expect(throws: MessageFault.self) {
            var reader = MessageReader(writer.bytes)
            _ = try reader.readList(String.self)
        }
        #expect(throws: MessageFault.self) {
            var reader = MessageReader(writer.bytes)
            _ = try reader.readMap(UInt32.self, String.self)
        }
        #expect(throws: MessageFault.self) {
            var reader = MessageReader(writer.bytes)
            _ = try reader.readBytes()
            _ = try reader.readBytes()
        }
    }

    @Test("a message that is too large, of another version, or with an invalid value is refused with the reason")
    func refused() {
        var small = MessageBuffer<String>(limit: 7)
        #expect(throws: MessageFault("a message of 8 bytes, above the limit of 7")) {
            try small.receive(MessageFrame.encode("four"))
        }
        var other = MessageFrame.encode("x")
        other[4] = 2
        var buffer = MessageBuffer<String>(limit: 100)
        #expect(throws: MessageFault("a message from another version of roost (format 2, not 1)")) {
            try buffer.receive(other)
        }
        var text = MessageReader([1, 0, 0, 0, 0xff])
        #expect(throws: MessageFault("a text in a message is not UTF-8")) { try text.read(String.self) }
        var flag = MessageReader([2])
        #expect(throws: MessageFault("a Boolean in a message is neither 0 nor 1")) {
            try flag.read(Bool.self)
        }
        var writer = MessageWriter()
        writer.writeNumber(2 as UInt32)
        for _ in 0..<2 {
            writer.write(7 as UInt32)
            writer.write("")
        }
        var map = MessageReader(writer.bytes)
        #expect(throws: MessageFault("duplicate key in a message")) { try map.readMap(UInt32.self, String.self) }
    }

    @Test("messages before an invalid one are received; later ones are refused")
    func afterFault() throws {
        var buffer = MessageBuffer<String>(limit: 100)
        #expect(try buffer.receive(MessageFrame.encode("one") + [9, 9, 9, 9, 9]) == ["one"])
        #expect(buffer.fault != nil)
        #expect(throws: MessageFault.self) { try buffer.receive(MessageFrame.encode("two")) }
        var small = MessageBuffer<String>(limit: 5)
        small.raiseLimit(by: 3)
        #expect(try small.receive(MessageFrame.encode("four")) == ["four"])
    }

    @Test("reading a message with random bytes ends, with a value or an error")
    func anything() {
        var random = SystemRandomNumberGenerator()
        let valid = MessageFrame.encode(self.value)
        for _ in 0..<5000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var buffer = MessageBuffer<Everything>(limit: 10_000)
            _ = try? buffer.receive(bytes)
        }
    }
}
