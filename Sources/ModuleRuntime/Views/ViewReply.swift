import CASGI
import CViews
import HTTPServer
import Logging
import RoostSystem
import StaticFiles

/// Sends a response, with the headers that were added to it before.
struct ViewReply {
    private let view: ViewMemory
    private static let maxHeaders = 64

    init(_ view: ViewMemory) { self.view = view }

    /// Adds a header; its bytes are copied.
    func add(_ name: Octets, _ value: Octets, log generation: Generation) -> asgi_result {
        guard name.size > 0, name.bytes.allSatisfy({ ASCII.isToken($0) && ASCII.lowercased($0) == $0 }),
            value.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == ASCII.tab })
        else {
            let reason = "its name is not a lower-case token, or its value has control characters"
            generation.log(
                .callRefused, ["call": "header", "name": "\(name.text)", "reason": "\(reason)"],
                scope: self.view.request.pointee.scope.pointee.id)
            return ASGI_INVALID
        }
        return self.view.details.withContents { contents in
            guard contents.headers.count < Self.maxHeaders else { return ASGI_FULL }
            contents.headers.append(
                asgi_header(
                    name: asgi_string(contents.arena.copy(name.bytes)),
                    value: asgi_string(contents.arena.copy(value.bytes))))
            self.view.request.pointee.header_count = contents.headers.count
            return ASGI_DONE
        }
    }

    /// Sends a whole response. Returns what a view should return: ASGI_DONE also if the client has disconnected.
    func send(_ status: Int32, _ contentType: Octets, _ body: Octets) -> asgi_result {
        self.withEvent(ASGI_HTTP_RESPONSE, status, contentType) { event in
            event.pointee.body = asgi_string(body)
            return self.send(event)
        }
    }

    /// Sends an open file, or a part of it, or no contents for a conditional request. The caller keeps the descriptor.
    func send(file: CInt, size: Int, _ contentType: Octets) -> asgi_result {
        guard let validators = self.validators(of: file) else { return self.send(file, 0..<size, 200, contentType) }
        let scope = self.view.request.pointee.scope!
        let fields = HeaderFields(
            start: UnsafeRawPointer(scope.pointee.headers)?.assumingMemoryBound(to: HeaderField.self),
            count: scope.pointee.header_count)
        let isHead = Octets(scope.pointee.method).equals("HEAD")
        let (tag, date) = (Array(validators.tag.utf8), Array(validators.lastModified.utf8))
        return tag.withUnsafeBytes { tag in
            date.withUnsafeBytes { date in
                let metadata = [("etag", Octets(tag)), ("last-modified", Octets(date))] as [(StaticString, Octets)]
                let ranges: [(StaticString, Octets)] = [("accept-ranges", Octets("bytes"))]
                switch validators.answer(fields, isHead: isHead, size: size) {
                case .whole: return self.send(file, 0..<size, 200, contentType, metadata + ranges)
                case .part(let range):
                    return Array("bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)".utf8).withUnsafeBytes {
                        self.send(file, range, 206, contentType, metadata + [("content-range", Octets($0))])
                    }
                case .notModified: return self.sendEmpty(304, metadata)
                case .preconditionFailed: return self.sendEmpty(412, [("etag", Octets(tag))])
                case .rangeNotSatisfiable:
                    return Array("bytes */\(size)".utf8).withUnsafeBytes {
                        self.sendEmpty(416, [("content-range", Octets($0))])
                    }
                }
            }
        }
    }

    /// The validators of a file; nil for a request that they do not concern, and if the view has set its own.
    private func validators(of file: CInt) -> FileValidators? {
        let method = Octets(self.view.request.pointee.scope.pointee.method)
        guard method.equals("GET") || method.equals("HEAD") else { return nil }
        let hasOwn = self.view.details.withContents { contents in
            contents.headers.contains { Octets($0.name).equals("etag") || Octets($0.name).equals("last-modified") }
        }
        return hasOwn ? nil : FileValidators(descriptor: file)
    }

    private func sendEmpty(_ status: Int32, _ more: [(StaticString, Octets)]) -> asgi_result {
        self.withEvent(ASGI_HTTP_RESPONSE, status, .empty, more) { self.send($0) }
    }

    private func send(
        _ file: CInt, _ range: Range<Int>, _ status: Int32, _ contentType: Octets,
        _ more: [(StaticString, Octets)] = []
    ) -> asgi_result {
        let started = Array("\(range.count)".utf8).withUnsafeBytes { length in
            self.withEvent(ASGI_HTTP_RESPONSE_START, status, contentType, [("content-length", Octets(length))] + more) {
                self.send($0)
            }
        }
        guard started == ASGI_DONE else { return started }
        let sent = self.withEvent(ASGI_HTTP_RESPONSE_ZEROCOPYSEND, 0, .empty) { event in
            event.pointee.status = 0
            event.pointee.headers = nil
            event.pointee.header_count = 0
            event.pointee.file = file
            event.pointee.offset = Int64(range.lowerBound)
            event.pointee.count = Int64(range.count)
            return self.send(event)
        }
        // The file became unreadable after the response had started, so no other reply is possible.
        return sent == ASGI_FAILED ? ASGI_INVALID : sent
    }

    private func send(_ event: UnsafePointer<asgi_event>) -> asgi_result {
        let request = self.view.request
        let result = request.pointee.send!(request.pointee.scope.pointee.id, event, nil, nil)
        return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result
    }

    private func withEvent(
        _ type: UInt32, _ status: Int32, _ contentType: Octets, _ more: [(StaticString, Octets)] = [],
        _ body: (UnsafeMutablePointer<asgi_event>) -> asgi_result
    ) -> asgi_result {
        var headers: [asgi_header] = []
        if contentType.size > 0 {
            headers.append(asgi_header(name: asgi_string(Octets("content-type")), value: asgi_string(contentType)))
        }
        headers += more.map { asgi_header(name: asgi_string(Octets($0.0)), value: asgi_string($0.1)) }
        if self.view.request.pointee.header_count > 0 { headers += self.view.details.withContents { $0.headers } }
        return headers.withUnsafeBufferPointer { headers in
            withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
                let event = room.baseAddress!.assumingMemoryBound(to: asgi_event.self)
                asgi_event_reset(event, type)
                event.pointee.status = status
                event.pointee.headers = headers.baseAddress
                event.pointee.header_count = headers.count
                return body(event)
            }
        }
    }
}
