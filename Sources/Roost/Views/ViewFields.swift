import CASGI
import CJSON
import CViews
import HTTPServer

/// The fields of a request by where they come from, decoded once.
extension ViewDetails.Contents {
    /// Nil: there are more than `most`, or a form is none, or there is no form.
    mutating func fields(
        _ source: UInt32, _ request: UnsafePointer<asgi_request>, most: Int
    ) throws(FormFault) -> ViewDetails.DecodedFields {
        if let decoded = self.fields[source] { return decoded }
        let scope = request.pointee.scope!
        let decoded: ViewDetails.DecodedFields
        switch source {
        case ASGI_QUERY_FIELDS: decoded = try self.decode(Octets(scope.pointee.query_string), most: most, "the query")
        case ASGI_COOKIES:
            guard let cookies = CookieFields.read(scope.headerFields, most: most) else {
                throw Self.tooMany("there are", "cookies", most)
            }
            let fields = cookies.map { asgi_header(name: asgi_string($0.name), value: asgi_string($0.value)) }
            decoded = ViewDetails.DecodedFields(start: self.arena.copy(fields), count: fields.count)
        case ASGI_FORM_FIELDS: decoded = try self.decodeForm(scope, most: most)
        default: return ViewDetails.DecodedFields()
        }
        self.fields[source] = decoded
        return decoded
    }

    private static func tooMany(_ what: String, _ things: String, _ most: Int) -> FormFault {
        FormFault("\(what) more than \(most) \(things) (--limit-form-fields)")
    }

    private mutating func decode(
        _ text: Octets, most: Int, _ what: String
    ) throws(FormFault) -> ViewDetails.DecodedFields {
        guard let fields = URLEncodedFields.read(text, most: most, into: &self.arena) else {
            throw Self.tooMany("\(what) has", "fields", most)
        }
        let headers = fields.map { asgi_header(name: asgi_string($0.name), value: asgi_string($0.value)) }
        return ViewDetails.DecodedFields(
            start: self.arena.copy(headers), count: headers.count,
            mended: Set(fields.indices.filter { fields[$0].isMended }))
    }

    /// A multipart form's fields are its parts that are no files.
    private mutating func decodeForm(
        _ scope: UnsafePointer<asgi_scope>, most: Int
    ) throws(FormFault) -> ViewDetails.DecodedFields {
        guard let body else { return ViewDetails.DecodedFields() }
        let type = scope.headerFields.value("content-type")
        guard let boundary = MultipartForm.boundary(of: type) else {
            guard MediaType.is(type, "application/x-www-form-urlencoded") else { return ViewDetails.DecodedFields() }
            return try self.decode(body.octets, most: most, "the form")
        }
        let parts = try MultipartForm.read(body.octets, boundary: boundary, most: most, into: &self.arena)
        let seen = parts.map {
            asgi_part(
                name: asgi_string($0.name), filename: asgi_string($0.filename ?? .empty),
                content_type: asgi_string($0.contentType), body: asgi_string($0.body))
        }
        self.parts = (self.arena.copy(seen), seen.count)
        let fields = parts.filter { $0.filename == nil }
        let headers = fields.map { asgi_header(name: asgi_string($0.name), value: asgi_string($0.body)) }
        return ViewDetails.DecodedFields(
            start: self.arena.copy(headers), count: headers.count,
            mended: Set(fields.indices.filter { fields[$0].isMended }))
    }

    /// The body as JSON; nil with why it is none.
    mutating func readJSON() -> (UnsafePointer<asgi_json>?, fault: String) {
        if let json { return (json, "") }
        guard let body else { return (nil, "the body was not collected") }
        var text = asgi_string(body.octets)
        var fault = asgi_string()
        self.json = roost_json_functions().pointee.parse(&text, &fault)
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
    /// Of the first with this (lower-case) name; empty: there is none.
    func value(_ name: StaticString) -> Octets { self.first { $0.name.equals(name) }?.value ?? .empty }
}
