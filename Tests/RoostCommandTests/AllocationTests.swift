import Foundation
import TestSupport
import Testing

/// What a request costs in memory that is asked for: nothing.
@Suite("Allocations")
struct AllocationTests {
    @Test(
        "a small GET on a warm connection allocates nothing, neither here nor in NIO; a log line does not either",
        arguments: [["--no-access-log"], []])
    func warm(options: [String]) throws {
        let folder = try TemporaryFolder()
        let counter = try Fixture.compile(
            file: Repository.fixture("Allocations.c"), named: "allocations", in: folder)
        let count = try folder.write("count", String(repeating: "\0", count: 8))
        // The release build: a debug build allocates for what the optimiser takes away.
        let roost = try RoostProcess(
            ["\(Repository.root)/.build/release/libBench.so", "--port", "0"] + options,
            command: "\(Repository.root)/.build/release/roost",
            environment: ["LD_PRELOAD": counter, "ALLOCATIONS": count])
        let client = try RawClient(port: roost.port)
        func ask(_ times: Int) throws {
            for _ in 0..<times {
                client.send(
                    "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: test\r\naccept: */*\r\naccept-encoding: gzip\r\n\r\n"
                )
                #expect(try client.readResponse().text == "Hello, World!")
            }
        }
        func allocations() throws -> UInt64 {
            try Data(contentsOf: URL(fileURLWithPath: count)).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        }
        #expect(try allocations() > 1000)
        try ask(200)
        let before = try allocations()
        try ask(1000)
        let more = try allocations() - before
        // The sweep over deadlines, once a second, is NIO's timer: a few for each second that passed.
        #expect(more < 100)
        #expect(roost.stop() == 0)
    }

    @Test("head and small body leave in one write")
    func oneWrite() throws {
        let folder = try TemporaryFolder()
        let counter = try Fixture.compile(file: Repository.fixture("Writes.c"), named: "writes", in: folder)
        let count = try folder.write("count", String(repeating: "\0", count: 8))
        let roost = try RoostProcess(
            ["\(Repository.root)/.build/release/libBench.so", "--port", "0", "--no-access-log"],
            command: "\(Repository.root)/.build/release/roost",
            environment: ["LD_PRELOAD": counter, "WRITES": count])
        let client = try RawClient(port: roost.port)
        func writes() throws -> UInt64 {
            try Data(contentsOf: URL(fileURLWithPath: count)).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        }
        for _ in 0..<10 {
            let before = try writes()
            client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try client.readResponse().text == "Hello, World!")
            #expect(try writes() == before + 1)
        }
        #expect(roost.stop() == 0)
    }
}
