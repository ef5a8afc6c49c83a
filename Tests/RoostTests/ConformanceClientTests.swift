import Foundation
import TestSupport
import Testing

@testable import Roost

@Suite("The client of conformance tests")
struct ConformanceClientTests {
    /// Sends a request to a server that gives this response. Throws the fault that the client finds in it.
    private func ask(_ response: String) throws {
        let listener = try ListeningSocket()
        let client = try ConformanceClient(port: listener.port)
        let connection = accept(listener.file.fileDescriptor, nil, nil)
        defer { close(connection) }
        // The response fits into the socket's buffer.
        let bytes = Array(response.utf8)
        try #require(send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
        shutdown(connection, CInt(SHUT_WR))
        try client.ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    }

    private static let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

    @Test("a chunked response is read with extensions and trailers")
    func chunks() throws {
        try self.ask("\(Self.chunked)a;x=y\r\n0123456789\r\n1\r\n0\r\n0\r\nx-sum: 1\r\n\r\n")
    }

    @Test("a malformed chunk size is a fault", arguments: ["", "x", "-1", "+1", "0x1", " 1", "ffffffffffffffffff"])
    func malformed(size: String) {
        let error = #expect(throws: (any Error).self) {
            try self.ask("\(Self.chunked)1\r\n0\r\n\(size)\r\n\r\n0\r\n\r\n")
        }
        #expect(error.map { "\($0)" } == "malformed chunk size '\(size)'")
    }
}
