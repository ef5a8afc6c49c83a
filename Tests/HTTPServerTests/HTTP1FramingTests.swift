import Testing

@testable import HTTPServer

/// How the end of a response's body is marked (RFC 9112 §6).
@Suite("HTTP/1 framing")
struct HTTP1FramingTests {
    @Test("a known length is declared, an unknown one needs chunks or the end of the connection")
    func framing() {
        #expect(HTTP1Framing(.length(5), version: .http11, hasTrailers: false) == .length(5))
        #expect(HTTP1Framing(.length(5), version: .http10, hasTrailers: false) == .length(5))
        #expect(HTTP1Framing(.unknownLength, version: .http11, hasTrailers: false) == .chunked)
        #expect(HTTP1Framing(.unknownLength, version: .http10, hasTrailers: false) == .untilClose)
    }

    @Test("trailers follow chunks (§7.1.2)")
    func trailers() {
        #expect(HTTP1Framing(.length(5), version: .http11, hasTrailers: true) == .chunked)
        #expect(HTTP1Framing(.unknownLength, version: .http11, hasTrailers: true) == .chunked)
    }

    @Test("a response without a body keeps the length that its header declares")
    func none() {
        let content = ResponseValidator.Content.none(contentLength: 7)
        #expect(HTTP1Framing(content, version: .http11, hasTrailers: true) == .none(contentLength: 7))
    }
}
