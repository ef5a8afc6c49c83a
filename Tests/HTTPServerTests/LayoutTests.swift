import CASGI
import Testing

@testable import HTTPServer

/// Tests that tables of header fields can be passed to C without a copy.
@Suite("Layouts")
struct LayoutTests {
    @Test("Octets has the layout of asgi_string, HeaderField that of asgi_header")
    func layouts() {
        #expect(MemoryLayout<Octets>.size == MemoryLayout<asgi_string>.size)
        #expect(MemoryLayout<Octets>.stride == MemoryLayout<asgi_string>.stride)
        #expect(MemoryLayout<Octets>.offset(of: \.data) == MemoryLayout<asgi_string>.offset(of: \.data))
        #expect(MemoryLayout<Octets>.offset(of: \.size) == MemoryLayout<asgi_string>.offset(of: \.size))
        #expect(MemoryLayout<HeaderField>.size == MemoryLayout<asgi_header>.size)
        #expect(MemoryLayout<HeaderField>.stride == MemoryLayout<asgi_header>.stride)
        #expect(MemoryLayout<HeaderField>.offset(of: \.name) == MemoryLayout<asgi_header>.offset(of: \.name))
        #expect(MemoryLayout<HeaderField>.offset(of: \.value) == MemoryLayout<asgi_header>.offset(of: \.value))
    }
}
