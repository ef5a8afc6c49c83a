import Foundation
import TestSupport
import Testing

/// The memory allocations and writes per request: none, and one.
@Suite("Allocations")
struct AllocationTests {
    /// The release build with the Bench module, and its counts. A debug build allocates what the optimiser removes.
    private struct Counted {
        let roost: RoostProcess
        let client: RawClient
        private let folder: TemporaryFolder
        private let counts: String

        init(_ options: [String]) throws {
            self.folder = try TemporaryFolder()
            let counter = try Fixture.compile(
                file: Repository.fixture("Counts.c"), named: "counts", in: self.folder)
            self.counts = try self.folder.write("counts", String(repeating: "\0", count: 16))
            self.roost = try RoostProcess(
                ["\(Repository.root)/.build/release/libBench.so", "--port", "0"] + options,
                command: "\(Repository.root)/.build/release/roost",
                environment: ["LD_PRELOAD": counter, "COUNTS": self.counts])
            self.client = try RawClient(port: self.roost.port)
        }

        func ask() throws {
            self.client.send(
                "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: test\r\naccept: */*\r\naccept-encoding: gzip\r\n\r\n"
            )
            #expect(try self.client.readResponse().text == "Hello, World!")
        }

        var allocations: UInt64 { get throws { try self.count(at: 0) } }
        var writes: UInt64 { get throws { try self.count(at: 8) } }

        private func count(at offset: Int) throws -> UInt64 {
            try Data(contentsOf: URL(fileURLWithPath: self.counts)).withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            }
        }
    }

    @Test(
        "a small GET on a warm connection allocates nothing in Roost or NIO, and neither does its log line",
        arguments: [["--no-access-log"], []])
    func warm(options: [String]) throws {
        let counted = try Counted(options)
        #expect(try counted.allocations > 1000)
        for _ in 0..<200 { try counted.ask() }
        let before = try counted.allocations
        for _ in 0..<1000 { try counted.ask() }
        let more = try counted.allocations - before
        // The sweep over deadlines, once a second, is a timer of NIO: a few allocations per second.
        #expect(more < 100)
        #expect(counted.roost.stop() == 0)
    }

    @Test("a header and a small body are sent in one write")
    func oneWrite() throws {
        let counted = try Counted(["--no-access-log"])
        for _ in 0..<10 {
            let before = try counted.writes
            try counted.ask()
            #expect(try counted.writes == before + 1)
        }
        #expect(counted.roost.stop() == 0)
    }
}
