import CASGI
import Glibc
import HTTPServer

/// A copy of an event that another thread sent, with its headers and, unless it is borrowed, its body. One allocation.
// SAFETY: used by one thread at a time; the mailbox passes it from the sender to the loop.
final class EventCopy: @unchecked Sendable {
    let event: UnsafeMutablePointer<asgi_event>
    /// The file that the event names, opened during the call, since the caller may close its own descriptor.
    let file: ResponseFile?
    /// Bytes of headers, text, body and file, for back-pressure.
    let size: Int

    /// Copies `given` and what it points at. `given` must have every field of the struct.
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
            // A string that has a size but no bytes is refused when the event is performed.
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

    /// Releases the borrowed body of an event that will not be performed. Calls into the module.
    func drop() { self.event.pointee.release?(self.event.pointee.release_context) }
}
