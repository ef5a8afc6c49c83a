import Testing

@testable import HTTPServer

/// Tests of the protocol-independent checks of a response.
@Suite("Response validator")
struct ResponseValidatorTests {
    typealias Fields = [(StaticString, StaticString)]

    private func withFields<Result>(
        _ fields: Fields, _ body: (HeaderFields) throws -> Result
    ) rethrows -> Result {
        let table = fields.map { HeaderField(name: Octets($0.0), value: Octets($0.1)) }
        return try table.withUnsafeBufferPointer(body)
    }

    private func started(
        status: Int = 200, _ fields: Fields = [], isHead: Bool = false, trailers: Bool = false
    ) throws -> ResponseValidator {
        var response = ResponseValidator(isHead: isHead)
        _ = try self.withFields(fields) { try response.start(status: status, fields: $0, trailers: trailers) }
        return response
    }

    @Test("the length is known if one part is the whole body, or the header declares it")
    func content() throws {
        var one = try self.started()
        #expect(
            try one.body(size: 5, more: false)
                == .init(content: .length(5), isSent: true, endsBody: true, isLast: true))
        var several = try self.started()
        #expect(
            try several.body(size: 5, more: true)
                == .init(content: .unknownLength, isSent: true, endsBody: false, isLast: false))
        #expect(
            try several.body(size: 0, more: false)
                == .init(content: nil, isSent: true, endsBody: true, isLast: true))
        var declared = try self.started([("content-length", "9")])
        #expect(try declared.body(size: 5, more: true).content == .length(9))
    }

    @Test("a response without a body drops what the handler sends (RFC 9110 §6.4.1)")
    func noContent() throws {
        var head = try self.started(isHead: true)
        #expect(
            try head.body(size: 5, more: false)
                == .init(content: .none(contentLength: 5), isSent: false, endsBody: true, isLast: true))
        var length = try self.started([("content-length", "9")], isHead: true)
        #expect(
            try length.body(size: 0, more: false)
                == .init(content: .none(contentLength: 9), isSent: false, endsBody: true, isLast: true))
        var unknown = try self.started(status: 304, isHead: true)
        #expect(
            try unknown.body(size: 0, more: false)
                == .init(content: .none(contentLength: nil), isSent: false, endsBody: true, isLast: true))
        var empty = try self.started(status: 204, [("content-length", "5")])
        #expect(
            try empty.body(size: 5, more: false)
                == .init(content: .none(contentLength: nil), isSent: false, endsBody: true, isLast: true))
    }

    @Test("a 205 has no content, and content-length 0 (RFC 9110 §15.3.6)", arguments: [false, true], [false, true])
    func resetContent(isHead: Bool, hasLength: Bool) throws {
        let fields: Fields = hasLength ? [("content-length", "5")] : []
        var whole = try self.started(status: 205, fields, isHead: isHead)
        #expect(
            try whole.body(size: 5, more: false)
                == .init(content: .none(contentLength: 0), isSent: false, endsBody: true, isLast: true))
        var parts = try self.started(status: 205, fields, isHead: isHead)
        #expect(
            try parts.body(size: 4, more: true)
                == .init(content: .none(contentLength: 0), isSent: false, endsBody: false, isLast: false))
        #expect(
            try parts.body(size: 1, more: false)
                == .init(content: nil, isSent: false, endsBody: true, isLast: true))
    }

    @Test("a body that does not match content-length is not accepted")
    func length() throws {
        var response = try self.started([("content-length", "4")])
        #expect(throws: SendFault.bodyTooLong) { try response.body(size: 5, more: true) }
        #expect(try response.body(size: 3, more: true).content == .length(4))
        #expect(throws: SendFault.bodyTooLong) { try response.body(size: 2, more: false) }
        #expect(throws: SendFault.bodyTooShort) { try response.body(size: 0, more: false) }
        #expect(!response.isReplaceable)
        #expect(try response.body(size: 1, more: false).isLast)
        #expect(response.isComplete)
    }

    @Test("trailers are accepted after the body, if the start has announced them")
    func trailers() throws {
        let none = HeaderFields(start: nil, count: 0)
        var response = try self.started([("content-length", "3")], trailers: true)
        #expect(throws: SendFault.trailersBeforeBody) { try response.trailers(none, more: false) }
        #expect(throws: SendFault.bodyTooShort) { try response.body(size: 2, more: false) }
        #expect(
            try response.body(size: 3, more: false)
                == .init(content: .length(3), isSent: true, endsBody: true, isLast: false))
        #expect(!response.isComplete && !response.isReplaceable)
        #expect(throws: SendFault.bodyAfterLast) { try response.body(size: 0, more: false) }
        #expect(throws: SendFault.fieldName) {
            try self.withFields([("a b", "c")]) { try response.trailers($0, more: false) }
        }
        #expect(throws: SendFault.trailerField) {
            try self.withFields([("content-length", "3")]) { try response.trailers($0, more: false) }
        }
        #expect(try response.trailers(none, more: true) == (true, false))
        let last = try self.withFields([("checksum", "x")]) { try response.trailers($0, more: false) }
        #expect(last == (true, true))
        #expect(throws: SendFault.afterComplete) { try response.trailers(none, more: false) }
        var head = try self.started(isHead: true, trailers: true)
        _ = try head.body(size: 3, more: false)
        #expect(try head.trailers(none, more: false) == (false, true))
        var unannounced = try self.started()
        _ = try unannounced.body(size: 3, more: false)
        #expect(throws: SendFault.afterComplete) { try unannounced.trailers(none, more: false) }
    }

    @Test("events out of order are not accepted")
    func order() throws {
        let none = HeaderFields(start: nil, count: 0)
        var response = ResponseValidator(isHead: false)
        #expect(throws: SendFault.bodyBeforeStart) { try response.body(size: 1, more: false) }
        #expect(throws: SendFault.statusOutOfRange) { try response.start(status: 199, fields: none, trailers: false) }
        #expect(throws: SendFault.statusOutOfRange) { try response.start(status: 1000, fields: none, trailers: false) }
        _ = try response.start(status: 200, fields: none, trailers: false)
        #expect(throws: SendFault.startTwice) { try response.start(status: 200, fields: none, trailers: false) }
        #expect(throws: SendFault.startTwice) { try response.respond(status: 200, fields: none, size: 0) }
        #expect(response.isReplaceable)
        _ = try response.body(size: 1, more: false)
        #expect(throws: SendFault.afterComplete) { try response.body(size: 1, more: false) }
        #expect(throws: SendFault.afterComplete) { try response.start(status: 200, fields: none, trailers: false) }
    }

    @Test("a file that has to be the whole body is not accepted after another part")
    func wholeFile() throws {
        var response = try self.started()
        _ = try response.body(size: 1, more: true)
        #expect(throws: SendFault.notWhole) { try response.body(size: 1, more: false, isWhole: true) }
        #expect(try response.body(size: 1, more: false).isLast)
    }

    @Test("hints are accepted until the first part of the body")
    func hints() throws {
        var response = ResponseValidator(isHead: false)
        let links: Fields = [("link", "</style.css>; rel=preload")]
        try self.withFields(links) { try response.hint($0) }
        #expect(throws: SendFault.fieldValue) { try self.withFields([("link", "a\r\nb: c")]) { try response.hint($0) } }
        _ = try self.withFields([]) { try response.start(status: 200, fields: $0, trailers: false) }
        try self.withFields(links) { try response.hint($0) }
        _ = try response.body(size: 1, more: true)
        #expect(throws: SendFault.hintTooLate) { try self.withFields(links) { try response.hint($0) } }
        _ = try response.body(size: 1, more: false)
        #expect(throws: SendFault.afterComplete) { try self.withFields(links) { try response.hint($0) } }
    }

    @Test("a complete response has the length of its body, which must match content-length")
    func whole() throws {
        func respond(_ fields: Fields, size: Int, isHead: Bool = false) throws -> ResponseValidator.Content {
            var response = ResponseValidator(isHead: isHead)
            defer { #expect(response.isComplete || response.isReplaceable) }
            return try self.withFields(fields) { try response.respond(status: 200, fields: $0, size: size).content }
        }
        #expect(try respond([], size: 5) == .length(5))
        #expect(try respond([("content-length", "5")], size: 5) == .length(5))
        #expect(throws: SendFault.contentLength) { try respond([("content-length", "6")], size: 5) }
        #expect(try respond([("content-length", "6")], size: 0, isHead: true) == .none(contentLength: 6))
        #expect(try respond([], size: 7, isHead: true) == .none(contentLength: 7))
    }

    @Test("an event that is not accepted changes nothing")
    func refusals() throws {
        var response = ResponseValidator(isHead: false)
        #expect(throws: SendFault.fieldName) {
            try self.withFields([("", "a")]) { try response.respond(status: 200, fields: $0, size: 1) }
        }
        #expect(throws: SendFault.fieldValue) {
            try self.withFields([("a", "\n")]) { try response.start(status: 200, fields: $0, trailers: true) }
        }
        #expect(!response.isComplete)
        let content = try self.withFields([]) { try response.respond(status: 200, fields: $0, size: 1).content }
        #expect(content == .length(1))
        #expect(response.isComplete)
    }

    @Test("invalid fields are not accepted; content-length, date, server and connection are evaluated")
    func fields() throws {
        func checked(_ fields: Fields) throws -> ResponseFields {
            try self.withFields(fields) { try ResponseFields($0) }
        }
        #expect(throws: SendFault.fieldName) { try checked([("", "a")]) }
        #expect(throws: SendFault.fieldName) { try checked([("a b", "a")]) }
        #expect(throws: SendFault.fieldName) { try checked([("a\r\n", "a")]) }
        #expect(throws: SendFault.fieldValue) { try checked([("a", "b\r\nc: d")]) }
        #expect(throws: SendFault.fieldValue) { try checked([("a", "b\0")]) }
        #expect(throws: SendFault.contentLength) { try checked([("content-length", "1a")]) }
        #expect(throws: SendFault.contentLength) { try checked([("content-length", "1"), ("Content-Length", "2")]) }
        let good = try checked([
            ("Content-Length", "12"), ("date", "now"), ("Server", "me"), ("connection", "a, Close"),
        ])
        #expect(good.contentLength == 12)
        #expect(good.hasDate)
        #expect(good.hasServer)
        #expect(good.close)
    }
}
