import CASGI
import CLinux
import CViews
import HTTPServer

/// One request on its way to a view: matches it with the table, collects what the view needs, and calls the view or
/// refuses the request.
struct ViewCall {
    /// The table and the generation live as long as the process.
    // SAFETY: tables of URLs live as long as the process.
    unowned(unsafe) let table: URLTable
    let generation: Unmanaged<Generation>
    let view: ViewMemory
    /// Whether the thread may block.
    let waits: Bool

    private var request: UnsafeMutablePointer<asgi_request> { self.view.request }

    /// Calls the view for a path, or refuses the request. `path`: below the mount, with its leading slash.
    @inline(__always)
    func run(_ path: Octets, method: Octets) -> asgi_result {
        guard let start = UnsafeRawPointer(path.data)?.assumingMemoryBound(to: UInt8.self), path.size > 0,
            start[0] == UInt8(ascii: "/")
        else { return self.refuse(.notFound) }
        let method = RequestMethods(of: method)
        let match = self.match(start + 1, path.size - 1, method)
        guard match.row != .max else { return self.answer(match.methods, method, start, path.size) }
        let row = self.table.rows + match.row
        self.request.pointee.url = row.pointee.url
        self.request.pointee.context = row.pointee.context
        guard let wants = row.pointee.wants else {
            self.request.pointee.argument_count = row.pointee.count
            return row.pointee.call(self.request, self.view.arguments)
        }
        return wants._withUnsafeGuaranteedRef { self.give($0, to: row) }
    }

    @inline(__always)
    private func match(_ start: UnsafePointer<UInt8>, _ count: Int, _ method: RequestMethods) -> URLMatch {
        withUnsafeTemporaryAllocation(of: asgi_argument.self, capacity: Int(ASGI_MAX_ARGUMENTS)) { tried in
            var match = URLMatch(start, count, method: method, tried: tried.baseAddress!, found: self.view.arguments)
            match.visit(self.table.root, 0, filled: 0)
            return match
        }
    }

    // MARK: Requests that match no row

    private func answer(
        _ methods: RequestMethods, _ method: RequestMethods, _ start: UnsafePointer<UInt8>, _ count: Int
    ) -> asgi_result {
        guard methods.isEmpty else {
            self.addHeader("allow", methods.allowed)
            return method == .options ? self.reply(204) : self.refuse(.methodNotAllowed(methods.allowed))
        }
        guard !self.table.keepsSlashes, start[count - 1] != UInt8(ascii: "/") else { return self.refuse(.notFound) }
        let isThere = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { slashed in
            _ = slashed.update(from: UnsafeBufferPointer(start: start + 1, count: count - 1))
            slashed[count - 1] = UInt8(ascii: "/")
            return !self.match(UnsafePointer(slashed.baseAddress!), count, method).methods.isEmpty
        }
        guard isThere else { return self.refuse(.notFound) }
        self.addHeader("location", self.slashed(self.request.pointee.scope))
        // With 308 the client sends its body again to the new location (RFC 9110 §15.4.9).
        return self.reply(method.isSubset(of: [.get, .head]) ? 301 : 308)
    }

    /// Returns the request target with a slash after its path, as the client knows it: with the part that a proxy has
    /// removed.
    private func slashed(_ scope: UnsafePointer<asgi_scope>) -> String {
        // `path` has the part, and `raw_path`, decoded, does not.
        let raw = Octets(scope.pointee.raw_path)
        let size = scope.pointee.path.size - raw.size + 2 * raw.bytes.count { $0 == UInt8(ascii: "%") }
        let hidden = Array(Octets(scope.pointee.root_path).bytes.prefix(max(size, 0)))
        return LocalReference.slashed(
            PercentEncoding.path(hidden) + raw.text,
            query: Octets(scope.pointee.query_string))
    }

    // MARK: Body and fields

    private var limits: ViewLimits { self.generation._withUnsafeGuaranteedRef { $0.facilities.viewLimits } }

    private func give(_ wants: ViewWants, to row: UnsafePointer<ViewRow>) -> asgi_result {
        guard wants.body != .unread else { return self.call(row, wants) }
        let scope = self.request.pointee.scope!
        let type = scope.headerFields.value("content-type")
        if let expected = Self.expected(wants.body, type) { return self.refuse(.mediaType(expected)) }
        let limit = self.bodyLimit
        let length = scope.headerFields.value("content-length")
        var given = asgi_argument()
        if length.size > 0, !Converter.int.readField(length, into: &given) || given.value.integer > limit {
            return self.refuse(.tooLarge(limit))
        }
        let collection = BodyCollection(self.view, limit: limit) { self.resume(row, wants, limit, $0) }
        let result = collection.start(waits: self.waits)
        return result == ASGI_DONE ? self.call(row, wants) : self.end(result, limit)
    }

    /// Continues in a completion, when the body was collected or could not be.
    private func resume(_ row: UnsafePointer<ViewRow>, _ wants: ViewWants, _ limit: Int, _ result: asgi_result) {
        // The scope has ended, and the host has handled that.
        guard result != ASGI_CANCELLED, result != ASGI_STALE else { return }
        let scope = self.request.pointee.scope!
        let (id, host) = (scope.pointee.id, scope.pointee.host!)
        let ended = result == ASGI_DONE ? self.call(row, wants) : self.end(result, limit)
        // As with the result of `application`, every result except PENDING ends the scope.
        if ended != ASGI_PENDING { _ = host.pointee.finish(id, min(ended, ASGI_DONE)) }
    }

    private func end(_ result: asgi_result, _ limit: Int) -> asgi_result {
        result == ASGI_FULL ? self.refuse(.tooLarge(limit)) : result
    }

    /// Maximum size of a body that is collected, in bytes.
    var bodyLimit: Int {
        self.table.bodyLimit > 0 ? Int(clamping: self.table.bodyLimit) : self.limits.body
    }

    /// The media type that the body should have; nil if it has that type.
    private static func expected(_ body: URLPattern.Body, _ type: Octets) -> String? {
        switch body {
        case .unread, .collected: nil
        case .json: MediaType.isJSON(type) ? nil : "application/json"
        case .form:
            MediaType.is(type, "application/x-www-form-urlencoded") || MultipartForm.boundary(of: type) != nil
                ? nil : "application/x-www-form-urlencoded or multipart/form-data with a boundary"
        }
    }

    private func call(_ row: UnsafePointer<ViewRow>, _ wants: ViewWants) -> asgi_result {
        var arguments = ViewArguments(from: self.view.arguments + wants.filled)
        do {
            try self.fill(&arguments, wants)
        } catch { return self.refuse(.badRequest(error.description)) }
        guard arguments.faults.isEmpty else { return self.refuse(.unprocessable(arguments.faults)) }
        self.request.pointee.argument_count = row.pointee.count
        return row.pointee.call(self.request, self.view.arguments)
    }

    private func fill(_ arguments: inout ViewArguments, _ wants: ViewWants) throws(FormFault) {
        let most = self.limits.fields
        let outcome: Result<ViewArguments, FormFault> = self.view.details.withContents { contents in
            var filled = arguments
            do throws(FormFault) {
                if !wants.query.isEmpty {
                    filled.decode(
                        wants.query, try contents.fields(ASGI_QUERY_FIELDS, self.request, most: most), "query")
                }
                switch wants.body {
                case .unread, .collected: break
                case .form:
                    filled.decode(
                        wants.bodyFields, try contents.fields(ASGI_FORM_FIELDS, self.request, most: most), "form")
                case .json:
                    let (json, fault) = contents.readJSON(most: self.limits.jsonValues)
                    guard let json else { throw FormFault("invalid JSON: \(fault)") }
                    guard !wants.bodyFields.isEmpty else { break }
                    guard json.pointee.type == ASGI_JSON_OBJECT else {
                        throw FormFault("the body is not a JSON object")
                    }
                    filled.decode(wants.bodyFields, json)
                }
                return .success(filled)
            } catch { return .failure(error) }
        }
        arguments = try outcome.get()
    }
}
