import Testing

@testable import HTTPServer

/// Tests of how a response delimits its body (RFC 9112 §6).
@Suite("HTTP/1 framing")
struct HTTP1FramingTests {
    @Test("a body of known length uses content-length, any other is chunked or ends with the connection")
    func framing() {
        #expect(HTTP1Framing(.length(5), version: .http11, hasTrailers: false) == .length(5))
        #expect(HTTP1Framing(.length(5), version: .http10, hasTrailers: false) == .length(5))
        #expect(HTTP1Framing(.unknownLength, version: .http11, hasTrailers: false) == .chunked)
        #expect(HTTP1Framing(.unknownLength, version: .http10, hasTrailers: false) == .untilClose)
    }

    @Test("a response with trailers is chunked (§7.1.2)")
    func trailers() {
        #expect(HTTP1Framing(.length(5), version: .http11, hasTrailers: true) == .chunked)
        #expect(HTTP1Framing(.unknownLength, version: .http11, hasTrailers: true) == .chunked)
    }

    @Test("a response without a body keeps the content-length of its header")
    func none() {
        let content = ResponseValidator.Content.none(contentLength: 7)
        #expect(HTTP1Framing(content, version: .http11, hasTrailers: true) == .none(contentLength: 7))
    }
}
