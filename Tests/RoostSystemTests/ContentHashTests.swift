import TestSupport
import Testing

@testable import RoostSystem

@Suite("Content hashes")
struct ContentHashTests {
    @Test("equal contents have equal hashes; an empty or missing file is refused with the reason")
    func files() throws {
        let folder = try TemporaryFolder()
        let one = try ContentHash(file: try folder.write("one", "text"))
        #expect(try ContentHash(file: try folder.write("same", "text")) == one)
        #expect(try ContentHash(file: try folder.write("other", "texts")) != one)
        let empty = try folder.write("empty", "")
        let error = #expect(throws: HostError.self) { try ContentHash(file: empty) }
        #expect(error?.message == "\(empty): is empty")
        let missing = "\(folder.path)/missing"
        let absent = #expect(throws: HostError.self) { try ContentHash(file: missing) }
        #expect(absent?.message == "\(missing): cannot be read: No such file or directory")
    }
}
