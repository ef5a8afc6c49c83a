/// Validates one response: the order of its parts, its status, the syntax of its fields, and the length of its body
/// (RFC 9110 §5.5, §5.6.2, §6.5.1, §8.6, §15). A value without I/O, shared by all implementations of `Exchange`.
///
/// A call that throws changes nothing.
package struct ResponseValidator {
    /// The content of the response, known from the first part of the body on.
    package enum Content: Equatable {
        /// No content, whatever the handler sends: HEAD, 204, 205, 304 (RFC 9110 §6.4.1, §15.3.6).
        case none(contentLength: Int?)
        case length(Int)
        case unknownLength
    }

    /// An accepted part of the body.
    package struct Part: Equatable {
        /// The content of the response. Set for the first part, before which the response header is written.
        package var content: Content?
        /// Whether the bytes are sent. If not, they are discarded.
        package var isSent: Bool
        /// Whether the body ends with this part.
        package var endsBody: Bool
        /// Whether the response is complete: no trailers follow.
        package var isLast: Bool
    }

    private enum State {
        case idle
        /// The response header was accepted but not written: another response can still replace it.
        case started(status: Int, contentLength: Int?)
        /// `left`: the number of bytes that may still follow; `.max` if it is not limited.
        case streaming(hasContent: Bool, left: Int)
        /// The body is complete, its trailers are still to come.
        case trailing(hasContent: Bool)
        case complete
    }

    private let isHead: Bool
    private var state = State.idle
    /// Whether trailers follow the body.
    package private(set) var hasTrailers = false

    /// `isHead`: whether the request method is HEAD.
    package init(isHead: Bool) { self.isHead = isHead }

    /// Whether nothing was written yet, so that another response can replace this one.
    package var isReplaceable: Bool {
        switch self.state {
        case .idle, .started: true
        case .streaming, .trailing, .complete: false
        }
    }

    package var isComplete: Bool {
        if case .complete = self.state { return true }
        return false
    }

    /// Accepts a response header. `trailers`: whether trailers will follow the body.
    package mutating func start(
        status: Int, fields: HeaderFields, trailers: Bool
    ) throws(SendFault) -> ResponseFields {
        try self.checkStart(status: status)
        let checked = try ResponseFields(fields)
        self.hasTrailers = trailers
        self.state = .started(status: status, contentLength: checked.contentLength)
        return checked
    }

    private func checkStart(status: Int) throws(SendFault) {
        switch self.state {
        case .idle: break
        case .started, .streaming, .trailing: throw .startTwice
        case .complete: throw .afterComplete
        }
        guard 200...999 ~= status else { throw .statusOutOfRange }
    }

    /// Checks an interim response with one link per value, sent before the response header (RFC 9110 §15.2, RFC 8297).
    package func hint(_ links: HeaderFields) throws(SendFault) {
        switch self.state {
        case .idle, .started: break
        case .streaming, .trailing: throw .hintTooLate
        case .complete: throw .afterComplete
        }
        for link in links { try ResponseFields.check(value: link.value) }
    }

    /// Accepts a part of the body. `isWhole`: whether the part has to be the first.
    package mutating func body(size: Int, more: Bool, isWhole: Bool = false) throws(SendFault) -> Part {
        switch self.state {
        case .idle: throw .bodyBeforeStart
        case .complete: throw .afterComplete
        case .trailing: throw .bodyAfterLast
        case .streaming(let hasContent, let left):
            guard !isWhole else { throw .notWhole }
            return try self.part(nil, hasContent: hasContent, left: left, size: size, more: more)
        case .started(let status, let contentLength):
            let whole = more ? nil : size
            if let content = self.noContent(status: status, contentLength: contentLength, whole: whole) {
                return try self.part(content, hasContent: false, left: .max, size: size, more: more)
            }
            let length = contentLength ?? whole
            return try self.part(
                length.map { .length($0) } ?? .unknownLength, hasContent: true, left: contentLength ?? .max,
                size: size, more: more)
        }
    }

    /// Returns the content of a response that has none, whatever the handler sends; nil if the response has content.
    /// `whole`: the size of the body, if it is known.
    ///
    /// The length is the one that a GET would have had, if it is known (RFC 9110 §8.6). A 204 never has one, a 304 only
    /// the one that the handler sets. A 205 has length 0, since clients read it like a response with a body
    /// (RFC 9110 §15.3.6).
    private func noContent(status: Int, contentLength: Int?, whole: Int?) -> Content? {
        switch status {
        case 204: Content.none(contentLength: nil)
        case 205: Content.none(contentLength: 0)
        case 304: Content.none(contentLength: contentLength)
        default: self.isHead ? Content.none(contentLength: contentLength ?? whole) : nil
        }
    }

    private mutating func part(
        _ content: Content?, hasContent: Bool, left: Int, size: Int, more: Bool
    ) throws(SendFault) -> Part {
        if left != .max {
            guard size <= left else { throw .bodyTooLong }
            guard more || size == left else { throw .bodyTooShort }
        }
        if more {
            self.state = .streaming(hasContent: hasContent, left: left == .max ? left : left - size)
        } else {
            self.state = self.hasTrailers ? .trailing(hasContent: hasContent) : .complete
        }
        return Part(content: content, isSent: hasContent, endsBody: !more, isLast: !more && !self.hasTrailers)
    }

    /// Accepts trailers (RFC 9110 §6.5). Returns whether they are sent, and whether they complete the response.
    package mutating func trailers(
        _ fields: HeaderFields, more: Bool
    ) throws(SendFault) -> (areSent: Bool, isLast: Bool) {
        for field in fields {
            try ResponseFields.check(field)
            guard TrailerField.isAllowedAsTrailer(field.name.bytes) else { throw .trailerField }
        }
        switch self.state {
        case .idle, .started, .streaming: throw .trailersBeforeBody
        case .complete: throw .afterComplete
        case .trailing(let hasContent):
            if !more { self.state = .complete }
            return (hasContent, !more)
        }
    }

    /// Accepts a complete response: header and body, no trailers.
    @inline(__always)
    package mutating func respond(
        status: Int, fields: HeaderFields, size: Int
    ) throws(SendFault) -> (fields: ResponseFields, content: Content) {
        try self.checkStart(status: status)
        let checked = try ResponseFields(fields)
        if let content = self.noContent(status: status, contentLength: checked.contentLength, whole: size) {
            self.state = .complete
            return (checked, content)
        }
        if let length = checked.contentLength, length != size { throw .contentLength }
        self.state = .complete
        return (checked, .length(size))
    }

    /// Marks the response as complete. For an implementation that has answered in the handler's place.
    package mutating func complete() { self.state = .complete }
}
