import Testing

@testable import HTTPServer

/// The order of a response's events, and how its body is framed (RFC 9112 §6).
@Suite("HTTP/1 responses")
struct HTTP1ResponseTests {
    private func started(
        status: Int = 200, length: Int? = nil, version: HTTPVersion = .http11, isHead: Bool = false
    ) throws -> HTTP1Response {
        var response = HTTP1Response(version: version, isHead: isHead)
        try response.start(status: status, contentLength: length)
        return response
    }

    @Test("one part is sent with its length, several are chunked")
    func framing() throws {
        var one = try self.started()
        #expect(
            try one.body(count: 5, more: false)
                == .init(head: .length(5), body: .length(5), endsBody: true, isLast: true))
        var several = try self.started()
        #expect(
            try several.body(count: 5, more: true)
                == .init(head: .chunked, body: .chunked, endsBody: false, isLast: false))
        #expect(
            try several.body(count: 0, more: false) == .init(head: nil, body: .chunked, endsBody: true, isLast: true))
        var old = try self.started(version: .http10)
        #expect(
            try old.body(count: 5, more: true)
                == .init(head: .untilClose, body: .untilClose, endsBody: false, isLast: false))
    }

    @Test("a response without a body drops what the application sends (RFC 9110 §6.4.1)")
    func bodiless() throws {
        var head = try self.started(isHead: true)
        #expect(
            try head.body(count: 5, more: false)
                == .init(head: .none(contentLength: 5), body: nil, endsBody: true, isLast: true)
        )
        var length = try self.started(length: 9, isHead: true)
        #expect(
            try length.body(count: 0, more: false)
                == .init(head: .none(contentLength: 9), body: nil, endsBody: true, isLast: true)
        )
        var unknown = try self.started(status: 304, isHead: true)
        #expect(
            try unknown.body(count: 0, more: false)
                == .init(head: .none(contentLength: nil), body: nil, endsBody: true, isLast: true)
        )
        var empty = try self.started(status: 204, length: 5)
        #expect(
            try empty.body(count: 5, more: false)
                == .init(head: .none(contentLength: nil), body: nil, endsBody: true, isLast: true)
        )
    }

    @Test("a 205 has no content, and says so (RFC 9110 §15.3.6)", arguments: [false, true], [nil, 5])
    func resetContent(isHead: Bool, length: Int?) throws {
        var whole = try self.started(status: 205, length: length, isHead: isHead)
        #expect(
            try whole.body(count: 5, more: false)
                == .init(head: .none(contentLength: 0), body: nil, endsBody: true, isLast: true))
        var parts = try self.started(status: 205, length: length, version: .http10, isHead: isHead)
        #expect(
            try parts.body(count: 4, more: true)
                == .init(head: .none(contentLength: 0), body: nil, endsBody: false, isLast: false))
        #expect(try parts.body(count: 1, more: false) == .init(head: nil, body: nil, endsBody: true, isLast: true))
    }

    @Test("a body is as long as content-length says, or is not taken")
    func length() throws {
        var response = try self.started(length: 4)
        #expect(throws: SendFault.bodyTooLong) { try response.body(count: 5, more: true) }
        #expect(try response.body(count: 3, more: true).head == .length(4))
        #expect(throws: SendFault.bodyTooLong) { try response.body(count: 2, more: false) }
        #expect(throws: SendFault.bodyTooShort) { try response.body(count: 0, more: false) }
        #expect(!response.isReplaceable)
        #expect(try response.body(count: 1, more: false).isLast)
        #expect(response.isComplete)
    }

    @Test("trailers follow the body, in chunks, where the start has announced them (RFC 9112 §7.1.2)")
    func trailers() throws {
        var response = HTTP1Response(version: .http11, isHead: false)
        try response.start(status: 200, contentLength: 3, trailers: true)
        #expect(throws: SendFault.trailersBeforeBody) { try response.trailers(more: false) }
        #expect(throws: SendFault.bodyTooShort) { try response.body(count: 2, more: false) }
        #expect(
            try response.body(count: 3, more: false)
                == .init(head: .chunked, body: .chunked, endsBody: true, isLast: false))
        #expect(!response.isComplete && !response.isReplaceable)
        #expect(throws: SendFault.bodyAfterLast) { try response.body(count: 0, more: false) }
        #expect(try response.trailers(more: true) == (true, false))
        #expect(try response.trailers(more: false) == (true, true))
        #expect(throws: SendFault.afterComplete) { try response.trailers(more: false) }
        var head = HTTP1Response(version: .http11, isHead: true)
        try head.start(status: 200, contentLength: nil, trailers: true)
        _ = try head.body(count: 3, more: false)
        #expect(try head.trailers(more: false) == (false, true))
        var unannounced = try self.started()
        _ = try unannounced.body(count: 3, more: false)
        #expect(throws: SendFault.afterComplete) { try unannounced.trailers(more: false) }
    }

    @Test("the order of events")
    func order() throws {
        var response = HTTP1Response(version: .http11, isHead: false)
        #expect(throws: SendFault.bodyBeforeStart) { try response.body(count: 1, more: false) }
        #expect(throws: SendFault.statusOutOfRange) { try response.start(status: 199, contentLength: nil) }
        #expect(throws: SendFault.statusOutOfRange) { try response.start(status: 1000, contentLength: nil) }
        try response.start(status: 200, contentLength: nil)
        #expect(throws: SendFault.startTwice) { try response.start(status: 200, contentLength: nil) }
        #expect(response.isReplaceable)
        _ = try response.body(count: 1, more: false)
        #expect(throws: SendFault.afterComplete) { try response.body(count: 1, more: false) }
        #expect(throws: SendFault.afterComplete) { try response.start(status: 200, contentLength: nil) }
    }

    @Test("fields are checked before anything is written")
    func fields() throws {
        func facts(_ fields: [(StaticString, StaticString)]) throws -> ResponseFields {
            let table = fields.map { HeaderField(name: Octets($0.0), value: Octets($0.1)) }
            return try table.withUnsafeBufferPointer { try ResponseFields($0) }
        }
        #expect(throws: SendFault.fieldName) { try facts([("", "a")]) }
        #expect(throws: SendFault.fieldName) { try facts([("a b", "a")]) }
        #expect(throws: SendFault.fieldName) { try facts([("a\r\n", "a")]) }
        #expect(throws: SendFault.fieldValue) { try facts([("a", "b\r\nc: d")]) }
        #expect(throws: SendFault.fieldValue) { try facts([("a", "b\0")]) }
        #expect(throws: SendFault.contentLength) { try facts([("content-length", "1a")]) }
        #expect(throws: SendFault.contentLength) { try facts([("content-length", "1"), ("Content-Length", "2")]) }
        let good = try facts([("Content-Length", "12"), ("date", "now"), ("Server", "me"), ("connection", "a, Close")])
        #expect(good.contentLength == 12)
        #expect(good.hasDate)
        #expect(good.hasServer)
        #expect(good.close)
    }
}
