import Testing

@testable import RoostModules

/// How a probe's parent names modules to its child.
@Suite("Arguments of a probe")
struct ProbeArgumentsTests {
    private static let modules = [
        ModuleProbe.Module(path: "/a b/x.so", symbol: "application"),
        ModuleProbe.Module(
            path: "", symbol: "=",
            libraries: [
                PrivateLibrary(path: "/l.so", mark: nil, copy: "/run/l.so", hash: "12", names: ["l.so", "l.so.1"]),
                PrivateLibrary(path: "3", mark: nil, copy: "\n", hash: "", names: []),
            ]),
        ModuleProbe.Module(path: "/y.so", symbol: "two"),
    ]

    @Test("what was written is read again, one module after another")
    func roundTrip() {
        var rest = Self.modules.flatMap(\.arguments)[...]
        for module in Self.modules {
            let read = ModuleProbe.Module(readingFrom: &rest)
            #expect(read?.arguments == module.arguments)
            #expect(read?.libraries == module.libraries)
        }
        #expect(rest.isEmpty)
        #expect(ModuleProbe.Module(readingFrom: &rest) == nil)
    }

    @Test(
        "a command line that is not whole names no module",
        arguments: [
            ["x.so"], ["x.so", "a"], ["x.so", "a", "1"], ["x.so", "a", "1", "k"], ["x.so", "a", "-1"],
            ["x.so", "a", "no"],
            ["x.so", "a", "9223372036854775807", "k", "v"],
        ])
    func incomplete(_ arguments: [String]) {
        var rest = arguments[...]
        #expect(ModuleProbe.Module(readingFrom: &rest) == nil)
    }
}
