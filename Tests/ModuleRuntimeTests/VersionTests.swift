import ModuleRuntime
import TestSupport
import Testing

@Suite("Version")
struct VersionTests {
    @Test("the newest version in CHANGELOG.md is the version of the host")
    func changelog() throws { #expect(try Repository.newestRelease() == RoostVersion.current) }
}
