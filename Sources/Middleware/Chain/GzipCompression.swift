import Czlib
import HTTPServer
import NIOConcurrencyHelpers

/// The compression of one response. Loop-bound; gives its stream back when it is destroyed.
package final class GzipCompression {
    private let stream: GzipStream
    private let streams: GzipStreams

    init(_ stream: GzipStream, of streams: GzipStreams) {
        self.stream = stream
        self.streams = streams
    }

    deinit { self.streams.give(self.stream) }

    /// Compresses a part of the body. `isLast`: whether the body ends with it; else all of it can be decompressed at once.
    func compress(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> [UInt8] {
        self.stream.compress(bytes, isLast ? Z_FINISH : Z_SYNC_FLUSH)
    }
}

@available(*, unavailable)
extension GzipCompression: Sendable {}

/// The state of zlib for one response at a time. Takes 256 KiB.
// SAFETY: used by one response at a time, and passed on through a lock.
final class GzipStream: @unchecked Sendable {
    private let stream: UnsafeMutablePointer<z_stream>

    /// 16 for the header and the checksum of gzip, and the largest window.
    private static let bits: Int32 = 16 + 15
    private static let memoryLevel: Int32 = 8

    /// Nil if memory is lacking.
    init?(level: Int32) {
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        guard roost_deflate_init(self.stream, level, Self.bits, Self.memoryLevel) == Z_OK else {
            self.stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deallocate()
    }

    func reset() { deflateReset(self.stream) }

    /// zlib counts with 32 bits.
    private static let maxPart = 1 << 20

    func compress(_ bytes: UnsafeRawBufferPointer, _ flush: Int32) -> [UInt8] {
        guard bytes.count > Self.maxPart else { return self.compressPart(bytes, flush) }
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: Self.maxPart) {
            let end = min(start + Self.maxPart, bytes.count)
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            output += self.compressPart(part, end == bytes.count ? flush : Z_NO_FLUSH)
        }
        return output
    }

    private func compressPart(_ bytes: UnsafeRawBufferPointer, _ flush: Int32) -> [UInt8] {
        self.stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        self.stream.pointee.avail_in = UInt32(bytes.count)
        var output: [UInt8] = []
        repeat {
            let room = max(bytes.count / 3, 256)
            output += [UInt8](unsafeUninitializedCapacity: room) { part, count in
                self.stream.pointee.next_out = part.baseAddress
                self.stream.pointee.avail_out = UInt32(room)
                // Fails only if there is nothing to do, which then writes nothing.
                deflate(self.stream, flush)
                count = room - Int(self.stream.pointee.avail_out)
            }
        } while self.stream.pointee.avail_out == 0
        return output
    }
}

/// The streams that are not in use, of one level. Thread-safe.
final class GzipStreams: Sendable {
    private let level: Int32
    private let free = NIOLockedValueBox<[GzipStream]>([])
    private static let maxFree = 8
    /// One for each level, for the life of the process: chains come and go with reloads.
    private static let all = (1...9).map { GzipStreams(level: $0) }

    private init(level: Int32) { self.level = level }

    static func ofLevel(_ level: Int32) -> GzipStreams { self.all[Int(level) - 1] }

    /// Nil if memory is lacking.
    func stream() -> GzipStream? { self.free.withLockedValue { $0.popLast() } ?? GzipStream(level: self.level) }

    func give(_ stream: GzipStream) {
        stream.reset()
        self.free.withLockedValue { free in
            if free.count < Self.maxFree { free.append(stream) }
        }
    }
}
