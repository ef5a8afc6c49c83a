import CASGI
import CLinux
import CViews
import Glibc
import HTTPServer

/// A regular file that a view replies with. Closed when the value is destroyed.
struct ViewFile: ~Copyable {
    let descriptor: CInt
    let size: Int

    /// `folder`: the file must be below it, whatever the path says; if empty, the path must be absolute. Returns nil if
    /// there is no such regular file, or if it cannot be opened.
    init?(folder: Octets, path: Octets) {
        // The system would end the name at a NUL.
        guard path.size > 0, !path.bytes.contains(0), !folder.bytes.contains(0),
            folder.size > 0 || path.bytes.first == UInt8(ascii: "/")
        else { return nil }
        let descriptor =
            folder.size > 0
            ? roost_open_below(folder.text, path.text)
            : open(path.text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        do throws(FileFault) {
            self.size = try ResponseFile.size(of: descriptor, named: path.text)
        } catch {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// The media type for the extension of a file name.
    static func type(of path: Octets) -> StaticString {
        let name = path.text
        let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
        return Self.types[ending] ?? "application/octet-stream"
    }

    private static let types: [String: StaticString] = [
        "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8", "json": "application/json",
        "txt": "text/plain; charset=utf-8", "md": "text/markdown; charset=utf-8", "csv": "text/csv; charset=utf-8",
        "xml": "application/xml", "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
        "gif": "image/gif", "webp": "image/webp", "avif": "image/avif", "ico": "image/x-icon", "pdf": "application/pdf",
        "wasm": "application/wasm", "woff": "font/woff", "woff2": "font/woff2", "mp3": "audio/mpeg", "ogg": "audio/ogg",
        "mp4": "video/mp4", "webm": "video/webm", "zip": "application/zip", "gz": "application/gzip",
    ]
}
