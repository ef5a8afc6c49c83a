import CASGI
import CViews
import HTTPServer

/// Refusal of requests that no view answers.
extension ViewCall {
    enum Refusal {
        case notFound
        case methodNotAllowed(String)
        case badRequest(String)
        case tooLarge(Int)
        case mediaType(String)
        case unprocessable([String])

        var status: Int32 {
            switch self {
            case .badRequest: 400
            case .notFound: 404
            case .methodNotAllowed: 405
            case .tooLarge: 413
            case .mediaType: 415
            case .unprocessable: 422
            }
        }

        /// The allowed methods of a 405; otherwise empty.
        var allowed: String {
            if case .methodNotAllowed(let allowed) = self { return allowed }
            return ""
        }

        /// The text for the client, one line for each fault.
        var reason: String {
            switch self {
            case .notFound: "no such page"
            case .methodNotAllowed(let allowed): "allowed: \(allowed)"
            case .badRequest(let reason): reason
            case .tooLarge(let limit): "the body exceeds \(limit) bytes"
            case .mediaType(let expected): "expected a body of type \(expected)"
            case .unprocessable(let faults): faults.joined(separator: "\n")
            }
        }

        /// The mark between phrase and reason: the reason of a 405 has a colon itself.
        fileprivate var separator: String { self.allowed.isEmpty ? ":" : ";" }

        /// The reason phrase (RFC 9110 §15.5).
        fileprivate var phrase: String {
            switch self {
            case .badRequest: "Bad Request"
            case .notFound: "Not Found"
            case .methodNotAllowed: "Method Not Allowed"
            case .tooLarge: "Content Too Large"
            case .mediaType: "Unsupported Media Type"
            case .unprocessable: "Unprocessable Content"
            }
        }
    }

    /// Refuses the request: with the module's `refused` function if it has one, otherwise with a line of text.
    package func refuse(_ refusal: Refusal) -> asgi_result {
        self.view.request.pointee.argument_count = 0
        if let refused = self.table.refused {
            let (reason, allowed) = (Array(refusal.reason.utf8), Array(refusal.allowed.utf8))
            let result = reason.withUnsafeBytes { reason in
                withUnsafeTemporaryAllocation(byteCount: asgi_refusal_size(), alignment: 16) { room in
                    room.initializeMemory(as: UInt8.self, repeating: 0)
                    let given = room.baseAddress!.assumingMemoryBound(to: asgi_refusal.self)
                    given.pointee.size = UInt32(asgi_refusal_size())
                    given.pointee.status = refusal.status
                    given.pointee.reason = asgi_string(Octets(reason))
                    return allowed.withUnsafeBytes { allowed in
                        given.pointee.allow = asgi_string(Octets(allowed))
                        return refused(self.view.request, given)
                    }
                }
            }
            if result != ASGI_UNSUPPORTED { return result }
        }
        // Some reasons quote what the client has sent: browsers must not interpret it as HTML.
        self.addHeader("x-content-type-options", "nosniff")
        return self.reply(refusal.status, "\(refusal.phrase)\(refusal.separator) \(refusal.reason)\n")
    }

    func addHeader(_ name: String, _ value: String) {
        Array(name.utf8).withUnsafeBytes { name in
            Array(value.utf8).withUnsafeBytes { value in
                _ = ViewReply(self.view).add(Octets(name), Octets(value), log: self.generation.takeUnretainedValue())
            }
        }
    }

    func reply(_ status: Int32, _ text: String = "") -> asgi_result {
        Array(text.utf8).withUnsafeBytes {
            ViewReply(self.view).send(status, text.isEmpty ? .empty : Octets("text/plain; charset=utf-8"), Octets($0))
        }
    }
}
