import CASGI
import Glibc
import HTTPServer

/// An event that another thread has sent, with its headers and, unless it is borrowed, its body: one piece of memory.
// SAFETY: used by one thread at a time: the mailbox hands it over.
final class EventCopy: @unchecked Sendable {
    let event: UnsafeMutablePointer<asgi_event>
    /// The file that it names, opened in the call: the caller may close its own.
    let file: ResponseFile?
    /// Bytes of headers and body, for back-pressure.
    let size: Int

    /// Copies what `given` points at; it has every field.
    init(_ given: UnsafePointer<asgi_event>, file: ResponseFile? = nil) {
        self.file = file
        let isBorrowed = given.pointee.release != nil
        var texts = given.pointee.text.size + (isBorrowed ? 0 : given.pointee.body.size)
        let headers = UnsafeBufferPointer(
            start: given.pointee.headers, count: given.pointee.headers == nil ? 0 : given.pointee.header_count
        )
        for header in headers { texts += header.name.size + header.value.size }
        self.size = texts + (isBorrowed ? given.pointee.body.size : 0) + (self.file?.count ?? 0)

        let table = headers.count * MemoryLayout<asgi_header>.stride
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: asgi_event_size() + table + texts, alignment: MemoryLayout<asgi_header>.alignment
        )
        memcpy(memory, given, asgi_event_size())
        self.event = memory.assumingMemoryBound(to: asgi_event.self)
        var at = memory + asgi_event_size() + table
        func copy(_ string: asgi_string) -> asgi_string {
            // What has a size and no bytes is refused when it is performed.
            guard let data = string.data, string.size > 0 else { return asgi_string(data: nil, size: string.size) }
            memcpy(at, data, string.size)
            defer { at += string.size }
            return asgi_string(data: at.assumingMemoryBound(to: CChar.self), size: string.size)
        }
        let copies = (memory + asgi_event_size()).bindMemory(to: asgi_header.self, capacity: headers.count)
        for (index, header) in headers.enumerated() {
            (copies + index).initialize(to: asgi_header(name: copy(header.name), value: copy(header.value)))
        }
        self.event.pointee.headers = UnsafePointer(copies)
        self.event.pointee.header_count = headers.count
        self.event.pointee.text = copy(given.pointee.text)
        if !isBorrowed { self.event.pointee.body = copy(given.pointee.body) }
    }

    deinit { UnsafeMutableRawPointer(self.event).deallocate() }

    /// The event will not be performed: gives back what it borrowed. Calls into the module.
    func drop() { self.event.pointee.release?(self.event.pointee.release_context) }
}
