import ModuleRuntime
import TestSupport
import Testing

@Suite("The version")
struct VersionTests {
    @Test("the newest version of CHANGELOG.md is that of the host")
    func changelog() throws { #expect(try Repository.newestRelease() == RoostVersion.current) }
}
