import HTTPServer

@testable import ModuleRuntime

/// A part of a multipart form as a value that can be compared, read and written; for tests and for the fuzzer.
struct FormPart: Equatable, Sendable {
    var name: [UInt8]
    /// Nil for a field.
    var filename: [UInt8]?
    var contentType: [UInt8]
    var body: [UInt8]

    init(_ name: String, _ body: String = "x", filename: String? = nil, contentType: String = "") {
        self.name = Array(name.utf8)
        self.filename = filename.map { Array($0.utf8) }
        self.contentType = Array(contentType.utf8)
        self.body = Array(body.utf8)
    }

    private init(_ part: MultipartForm.Part) {
        self.name = Array(part.name.bytes)
        self.filename = part.filename.map { Array($0.bytes) }
        self.contentType = Array(part.contentType.bytes)
        self.body = Array(part.body.bytes)
    }

    static func read(_ form: [UInt8], boundary: [UInt8], most: Int = 1000) -> Result<[FormPart], FormFault> {
        form.withUnsafeBytes { bytes -> Result<[FormPart], FormFault> in
            var arena = Arena()
            do throws(FormFault) {
                let found = try MultipartForm.read(Octets(bytes), boundary: boundary, most: most, into: &arena)
                let parts = found.map { FormPart($0) }
                // The arena holds the texts of the parts.
                extendLifetime(arena)
                return .success(parts)
            } catch { return .failure(error) }
        }
    }

    /// Writes a form as a browser does (https://html.spec.whatwg.org/#multipart-form-data): in a name, only CR, LF and
    /// the double quote are escaped.
    static func write(_ parts: [FormPart], boundary: [UInt8]) -> [UInt8] {
        var form: [UInt8] = []
        for part in parts {
            form += "--".utf8
            form += boundary
            form += "\r\nContent-Disposition: form-data; name=".utf8
            form += Self.quoted(part.name)
            if let filename = part.filename {
                form += "; filename=".utf8
                form += Self.quoted(filename)
            }
            if !part.contentType.isEmpty {
                form += "\r\nContent-Type: ".utf8
                form += part.contentType
            }
            form += "\r\n\r\n".utf8
            form += part.body
            form += "\r\n".utf8
        }
        form += "--".utf8
        form += boundary
        form += "--\r\n".utf8
        return form
    }

    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        var quoted = [quote]
        for byte in text {
            switch byte {
            case quote: quoted += "%22".utf8
            case UInt8(ascii: "\r"): quoted += "%0D".utf8
            case UInt8(ascii: "\n"): quoted += "%0A".utf8
            default: quoted.append(byte)
            }
        }
        quoted.append(quote)
        return quoted
    }
}
