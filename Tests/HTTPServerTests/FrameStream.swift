import NIOCore

@testable import HTTPServer

/// The events that a `WebSocketReader` reports for a stream of bytes, as comparable values. Also used by the fuzzer.
enum FrameStream {
    enum Event: Equatable {
        case text(String)
        case binary([UInt8])
        case ping([UInt8])
        case pong
        case close(Int, String)
        case failed(Int)
    }

    /// Reads bytes that arrive in pieces of `step`. Unconsumed input is passed again, as a connection does.
    static func events(
        of bytes: [UInt8], step: Int, most: Int, memory: MessageMemory = MessageMemory(most: 1 << 30),
        deflate: DeflateParameters? = nil
    ) -> [Event] {
        let scratch = WebSocketScratch()
        return withExtendedLifetime(scratch) {
            var reader = WebSocketReader(most: most, memory: memory, scratch: scratch, inflater: deflate?.inflater)
            defer { reader.end() }
            var events: [Event] = []
            var shown: [UInt8] = []
            var rest = bytes[...]
            repeat {
                shown += rest.prefix(step)
                rest = rest.dropFirst(step)
                while let event = Self.next(&reader, &shown) {
                    events.append(event)
                    if case .failed = event { return events }
                }
            } while !rest.isEmpty
            return events
        }
    }

    /// Returns the next event; nil if more input is needed.
    private static func next(_ reader: inout WebSocketReader, _ shown: inout [UInt8]) -> Event? {
        let (step, consumed) = shown.withUnsafeBytes { reader.next($0) }
        shown.removeFirst(consumed)
        return switch step {
        case .incomplete: nil
        case .message(isText: true): .text(String(decoding: reader.message.readableBytesView, as: UTF8.self))
        case .message(isText: false): .binary(Array(reader.message.readableBytesView))
        case .ping(let payload): .ping(Array(payload))
        case .pong: .pong
        case .close(let close): .close(close.code, String(decoding: close.reason, as: UTF8.self))
        case .failed(let close): .failed(close.code)
        }
    }
}
