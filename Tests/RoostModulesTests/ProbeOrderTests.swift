import RoostSystem
import Testing

@testable import RoostModules

/// Messages between a probe child and its parent.
@Suite("Messages of a probe")
struct ProbeOrderTests {
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

    @Test("an order is decoded as it was encoded")
    func order() throws {
        var privileges = Privileges()
        privileges.user = 7
        let order = ProbeOrder(privileges: privileges, modules: Self.modules)
        var buffer = MessageBuffer<ProbeOrder>(limit: 10_000)
        let read = try #require(try buffer.receive(MessageFrame.encode(order)).first)
        #expect(read.privileges == privileges)
        #expect(read.modules.map(\.path) == Self.modules.map(\.path))
        #expect(read.modules.map(\.symbol) == Self.modules.map(\.symbol))
        #expect(read.modules.map(\.libraries) == Self.modules.map(\.libraries))
    }

    @Test("a report is decoded as it was encoded, whatever the module's name contains")
    func report() throws {
        var report = ProbeReport(fault: "no\nsuch symbol")
        report.description.isGiven = true
        report.description.flags = 3
        report.description.name = "end\nfault=x"
        report.description.version = "1=2"
        var buffer = MessageBuffer<ProbeReport>(limit: 1000)
        #expect(
            try buffer.receive(MessageFrame.encode(report) + MessageFrame.encode(ProbeReport())) == [
                report, ProbeReport(),
            ])
    }
}
