import Foundation
import TestSupport
import Testing

@testable import HTTPServer

/// Tests that the requests or the refusal in a stream do not depend on how the stream is split.
@Suite("Request streams")
struct RequestStreamTests {
    /// The seeds of the fuzzer: one stream per file.
    static let seeds: [[UInt8]] = {
        let folder = "\(Repository.root)/Tests/Fuzz/Seeds"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { FileManager.default.contents(atPath: "\(folder)/\($0)").map(Array.init) }
    }()

    private func expectSame(_ bytes: [UInt8], _ numbers: inout SeededNumbers, limits: HTTP1Limits) {
        let whole = RequestStream.events(of: bytes, limits: limits)
        let byteByByte = RequestStream.events(
            of: bytes, pieces: Array(repeating: 1, count: bytes.count), limits: limits)
        #expect(byteByByte == whole, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
        for _ in 0..<4 {
            let pieces = (0..<bytes.count).map { _ in Int.random(in: 1...40, using: &numbers) }
            let split = RequestStream.events(of: bytes, pieces: pieces, limits: limits)
            #expect(split == whole, "\(String(decoding: bytes, as: UTF8.self).debugDescription) in \(pieces)")
        }
    }

    @Test("the seeds contain pipelined requests, and refusals of every status")
    func seeds() {
        #expect(Self.seeds.count >= 20)
        let events = Self.seeds.map { RequestStream.events(of: $0) }
        #expect(events.contains { $0.count(where: { $0 == .end([]) }) > 1 })
        for status in [400, 413, 417, 501, 505] {
            #expect(events.contains { $0.contains(.refused(status)) }, "\(status)")
        }
    }

    @Test("the result does not depend on how a seed is split")
    func splits() {
        var numbers = SeededNumbers(state: 1)
        for seed in Self.seeds {
            self.expectSame(seed, &numbers, limits: HTTP1Limits())
            self.expectSame(seed, &numbers, limits: RequestStream.tight)
        }
    }

    @Test("the result does not depend on how a mutated seed is split", arguments: 0..<4)
    func mutations(part: UInt64) {
        var numbers = SeededNumbers(state: 100 + part)
        let odd = Array("\r\n\r\n \t:;,0aZ%\0\u{7f}/?*".utf8)
        for seed in Self.seeds {
            for _ in 0..<40 {
                var bytes = seed
                for _ in 0..<Int.random(in: 1...4, using: &numbers) where !bytes.isEmpty {
                    let at = Int.random(in: 0..<bytes.count, using: &numbers)
                    switch Int.random(in: 0..<5, using: &numbers) {
                    case 0: bytes[at] = odd.randomElement(using: &numbers)!
                    case 1: bytes.insert(odd.randomElement(using: &numbers)!, at: at)
                    case 2: bytes.remove(at: at)
                    case 3: bytes.insert(contentsOf: bytes[at...].prefix(30), at: at)
                    default: bytes[at] = UInt8.random(in: 0...255, using: &numbers)
                    }
                }
                self.expectSame(bytes, &numbers, limits: numbers.next() & 1 == 0 ? HTTP1Limits() : RequestStream.tight)
            }
        }
    }

    @Test("a field line of exactly the limit is accepted, one byte more gets 431")
    func edges() {
        for (count, isTaken) in [(40, true), (41, false)] {
            let field = "a: " + String(repeating: "x", count: count - 3)
            let bytes = Array("GET / HTTP/1.1\r\nhost: x\r\n\(field)\r\n\r\n".utf8)
            var numbers = SeededNumbers(state: 7)
            self.expectSame(bytes, &numbers, limits: RequestStream.tight)
            let events = RequestStream.events(of: bytes, limits: RequestStream.tight)
            #expect(isTaken ? events.last == .end([]) : events == [.refused(431)])
        }
    }
}
