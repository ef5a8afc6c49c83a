import CASGI
import CJSON
import CViews
package import HTTPServer

/// The fields of a request by source, each decoded once.
extension ViewDetails.Contents {
    /// Returns the fields of a source; none if the source is unknown, or if the body is not a form. Throws `FormFault`
    /// if there are more than `most`, or if the form is malformed.
    package mutating func fields(
        _ source: UInt32, _ request: UnsafePointer<asgi_request>, most: Int
    ) throws(FormFault) -> DecodedFields {
        if let decoded = self[source] { return decoded }
        // Not stored, since the form may be collected later.
        if source == ASGI_FORM_FIELDS, self.body == nil { return DecodedFields() }
        let scope = request.pointee.scope!
        let decoded =
            switch source {
            case ASGI_QUERY_FIELDS: try self.decode(Octets(scope.pointee.query_string), most: most, "the query")
            case ASGI_FORM_FIELDS: try self.decodeForm(scope, most: most)
            case ASGI_COOKIES: try self.decodeCookies(scope, most: most)
            default: DecodedFields()
            }
        self[source] = decoded
        return decoded
    }

    private subscript(source: UInt32) -> DecodedFields? {
        get {
            switch source {
            case ASGI_QUERY_FIELDS: self.query
            case ASGI_FORM_FIELDS: self.form
            case ASGI_COOKIES: self.cookies
            default: nil
            }
        }
        set {
            switch source {
            case ASGI_QUERY_FIELDS: self.query = newValue
            case ASGI_FORM_FIELDS: self.form = newValue
            case ASGI_COOKIES: self.cookies = newValue
            default: break
            }
        }
    }

    private static func tooMany(_ what: String, _ things: String, _ most: Int) -> FormFault {
        FormFault("\(what) more than \(most) \(things) (--limit-form-fields)")
    }

    private mutating func decode(_ text: Octets, most: Int, _ what: String) throws(FormFault) -> DecodedFields {
        guard let fields = URLEncodedFields.read(text, most: most, into: &self.arena) else {
            throw Self.tooMany("\(what) has", "fields", most)
        }
        return fields
    }

    private mutating func decodeCookies(
        _ scope: UnsafePointer<asgi_scope>, most: Int
    ) throws(FormFault) -> DecodedFields {
        guard let cookies = CookieFields.read(scope.headerFields, most: most) else {
            throw Self.tooMany("there are", "cookies", most)
        }
        return self.keep(cookies)
    }

    /// Decodes the form. The fields of a multipart form are the parts that are not files.
    private mutating func decodeForm(
        _ scope: UnsafePointer<asgi_scope>, most: Int
    ) throws(FormFault) -> DecodedFields {
        guard let body else { return DecodedFields() }
        let type = scope.headerFields.value("content-type")
        guard let boundary = MultipartForm.boundary(of: type) else {
            guard MediaType.is(type, "application/x-www-form-urlencoded") else { return DecodedFields() }
            return try self.decode(body.octets, most: most, "the form")
        }
        let parts = try MultipartForm.read(body.octets, boundary: boundary, most: most, into: &self.arena)
        let seen = parts.map {
            asgi_part(
                name: asgi_string($0.name), filename: asgi_string($0.filename ?? .empty),
                content_type: asgi_string($0.contentType), body: asgi_string($0.body),
                flags: $0.filename == nil ? 0 : ASGI_PART_FILE, reserved: 0)
        }
        self.parts = (self.arena.copy(seen), seen.count)
        let fields = parts.filter { $0.filename == nil }
        var decoded = self.keep(fields.map { ($0.name, $0.body) })
        decoded.mended = fields.indices.filter { fields[$0].isRepaired }
        return decoded
    }

    private mutating func keep(_ fields: [(name: Octets, value: Octets)]) -> DecodedFields {
        let headers = fields.map { asgi_header(name: asgi_string($0.name), value: asgi_string($0.value)) }
        return DecodedFields(start: self.arena.copy(headers), count: headers.count)
    }

    /// Parses the body as JSON, with at most `most` values. Returns nil and the reason if it is not valid JSON.
    mutating func readJSON(most: Int) -> (UnsafePointer<asgi_json>?, fault: String) {
        if let json { return (json, "") }
        guard let body else { return (nil, "the body was not collected") }
        var text = asgi_string(body.octets)
        var fault = asgi_string()
        self.json = roost_json_parse(&text, most, &fault)
        return (self.json, self.json == nil ? Octets(fault).text : "")
    }
}

extension UnsafePointer<asgi_scope> {
    var headerFields: HeaderFields {
        HeaderFields(
            start: UnsafeRawPointer(self.pointee.headers)?.assumingMemoryBound(to: HeaderField.self),
            count: self.pointee.headers == nil ? 0 : self.pointee.header_count)
    }
}

extension HeaderFields {
    /// The value of the first field with this (lower-case) name; empty if there is none.
    package func value(_ name: StaticString) -> Octets { self.first { $0.name.equals(name) }?.value ?? .empty }
}
