import CWorker
import Foundation
import HTTPServer
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import RoostDeployment
@testable import Supervision

@Suite("Messages between the processes of a server")
struct SupervisionTests {
    @Test("an order contains the applications as the supervisor prepared them")
    func order() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: folder)
        try folder.write("site.yaml", "title: Ü\npages: {size: 20}\n")
        var preparation = ApplicationPreparation()
        preparation.folder = folder.path
        preparation.settings = "site"
        let application = try preparation.prepare(
            try ModuleName(library), run: try RunDirectory.make("\(folder.path)/run"))
        #expect(application.variable?.value == "site")
        var here = application
        here.settingsKey = "pages"
        let other = DeployedApplication(
            number: 7, name: "other", mount: try Mount(path: "/ü", hosts: [try HostPattern("*.example.org")]),
            mustStart: false, .module(here))
        let away = DeployedApplication(number: 9, name: "away", mount: .root, .standIn(.quarantined))
        let relayed = DeployedApplication(number: 10, name: "relayed", mount: .root, .group("g"))
        try folder.write("site.yaml", "title: [\n")
        var privileges = Privileges()
        privileges.openFiles = 100
        var proxied = ListenAddress.tcp(host: "127.0.0.1", port: 1)
        proxied.proxies.requiresProxyHeader = true
        proxied.proxies.evaluatesForwarding = false
        let order = WorkerOrder(
            applications: ApplicationList([DeployedApplication(application), other, away, relayed]),
            addresses: [.tcp(host: "::", port: 80), .unix(path: "/tmp/a,b"), proxied].map {
                $0.resolved(hasCertificate: false)
            },
            privileges: privileges, isRelayed: true, relayUsers: [0, 33], groupSockets: ["g": ["/a", "/b"], "h": []],
            isErrorColoured: true)
        var buffer = MessageBuffer<WorkerOrder>(limit: 1 << 20)
        let reported = try #require(try buffer.receive(MessageFrame.encode(order)).first)
        #expect(reported.isRelayed)
        #expect(reported.relayUsers == [0, 33])
        #expect(reported.groupSockets == ["g": ["/a", "/b"], "h": []])
        #expect(reported.addresses == order.addresses)
        #expect(reported.privileges == privileges)
        #expect(reported.isErrorColoured)
        let applications = reported.applications.applications
        try #require(applications.map(\.number) == [1, 7, 9, 10])
        guard case .module(let given) = applications[0].answerer, case .module(let second) = applications[1].answerer,
            case .standIn(.quarantined) = applications[2].answerer, case .group("g") = applications[3].answerer
        else {
            Issue.record("\(applications)")
            return
        }
        #expect(applications[1].mount == other.mount)
        #expect(applications.map(\.isOptional) == [false, true, false, true])
        #expect(second.settings.value("size").map { Octets($0.pointee).text } == "20")
        #expect(given.staged.path == application.staged.path)
        #expect(given.hash == application.hash)
        #expect(given.settings.value("title").map { Octets($0.pointee).text } == "Ü")
        #expect(given.settings.value("pages.size").map { Octets($0.pointee).text } == "20")
        #expect(given.settings.value("roost.folder") != nil)
        let stoodIn = order.standingIn.applications.applications
        #expect(stoodIn.map(\.number) == [1, 7, 9, 10])
        #expect(stoodIn.allSatisfy { if case .standIn = $0.answerer { true } else { false } })
    }

    @Test("a status report is received as it was sent, and has a table")
    func status() throws {
        var report = StatusReport()
        report.version = "1.2.3"
        report.pid = 7
        report.since = 100
        report.state = "serving"
        report.addresses = ["http://127.0.0.1:8000", "unix:/tmp/\"x\""]
        var certificate = StatusReport.Certificate()
        certificate.file = "/etc/site.pem"
        certificate.names = ["a.example", "*.b.example"]
        certificate.ends = 400 + 5 * 86_400 + 1
        report.certificates = [certificate]
        report.crashes = 2
        report.lastCrash = "crashed with SIGSEGV in libx.so f+0x1"
        var application = StatusReport.Application()
        application.name = "wiki"
        application.state = "quarantined"
        report.applications = [application]
        var worker = StatusReport.Worker()
        worker.pid = 8
        worker.state = "ready"
        worker.since = 90
        worker.requests = 12
        worker.memory = 3 << 20
        report.workers = [worker]
        var buffer = MessageBuffer<ControlResponse>(limit: 10_000)
        #expect(try buffer.receive(MessageFrame.encode(ControlResponse.status(report))) == [.status(report)])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(json["lastCrash"] as? String == report.lastCrash)
        #expect(json["addresses"] as? [String] == report.addresses)
        let table = report.table(now: 400) { text, _ in text }
        #expect(table.contains("12 requests by these workers, 2 crashes"))
        #expect(table.split(separator: "\n").contains { $0.hasPrefix("8       ready  5 min  12") })
        #expect(table.split(separator: "\n").contains("/etc/site.pem  5          a.example *.b.example"))
        #expect(table.contains("3.0 MiB"))
        #expect(!table.contains(" \n"))
    }

    @Test("random bytes in a worker's page are read safely")
    func page() throws {
        let page = try #require(WorkerPage())
        #expect(page.crash == nil)
        #expect(page.called.isEmpty)
        #expect(page.slowest(since: 7) == nil)
        for _ in 0..<200 {
            let memory = try #require(page.call(of: 0))
            let bytes = UnsafeMutableRawPointer(memory)
            for at in 0..<MemoryLayout<roost_page>.size {
                bytes.storeBytes(of: UInt8.random(in: 0...255), toByteOffset: at, as: UInt8.self)
            }
            let crash = page.crash
            #expect((crash?.frames.count ?? 0) <= 32)
            #expect((crash?.path.utf8.count ?? 0) <= 512 * 3)
            _ = crash?.stack
            _ = crash?.isHostFault { $0.symbol.isEmpty }
            _ = crash?.place(in: "x")
            _ = page.stall
            _ = page.called
            _ = page.slowest(since: 0)
            _ = page.requests &+ page.failures &+ page.connections &+ page.scopes &+ page.loops
        }
    }

    @Test("privileges are received as they were sent, and an unknown user is refused")
    func privileges() throws {
        var privileges = Privileges()
        var buffer = MessageBuffer<Privileges>(limit: 1000)
        #expect(try buffer.receive(MessageFrame.encode(privileges)) == [privileges])
        privileges.user = 65_534
        privileges.group = 65_534
        privileges.userName = "nobody"
        privileges.core = 0
        privileges.addressSpace = 1 << 40
        #expect(try buffer.receive(MessageFrame.encode(privileges)) == [privileges])
        #expect(throws: HostError.self) { try privileges.become(user: "nobody-at-all", group: nil) }
        #expect(throws: HostError.self) { try privileges.become(user: nil, group: "nobody-at-all") }
    }

    @Test("a logged stack marks the frames that it leaves out; that of a fault of Roost has all frames")
    func stack() throws {
        let report = UnsafeMutablePointer<roost_report>.allocate(capacity: 1)
        defer { report.deallocate() }
        func stacks(_ count: Int) throws -> (stack: String, wholeStack: String) {
            memset(report, 0, MemoryLayout<roost_report>.size)
            report.pointee.state = 2
            report.pointee.frame_count = UInt32(count)
            for number in 0..<count {
                let frame = UnsafeMutablePointer(mutating: roost_report_frame(report, CInt(number))!)
                frame.pointee.offset = UInt64(number)
                withUnsafeMutableBytes(of: &frame.pointee.library) { $0.copyBytes(from: "/m.so".utf8) }
            }
            let crash = try #require(CrashReport(report))
            return (crash.stack, crash.wholeStack)
        }
        func text(_ count: Int) -> String {
            (0..<count).map { "m.so+0x\(String($0, radix: 16))" }.joined(separator: " < ")
        }
        #expect(try stacks(12) == (text(12), text(12)))
        #expect(try stacks(13) == (text(12) + " < ...", text(13)))
        #expect(try stacks(32) == (text(12) + " < ...", text(32)))
    }

    @Test("every message of a worker is received as it was sent")
    func workerMessages() throws {
        let state = SavedState(version: 7, format: "chat \"rooms\"", bytes: Array(0...255))
        let messages: [WorkerMessage] = [
            .ready(faults: [3: "no database\n"]), .stoppedAccepting, .refused(reason: "ü"),
            .prepared(change: 5, faults: [:]), .committed(change: 5), .requestsState,
            .savedState([3: state, 4: SavedState(version: 0, format: "", bytes: [])]),
        ]
        var buffer = MessageBuffer<WorkerMessage>(limit: 1000)
        #expect(try buffer.receive(messages.flatMap(MessageFrame.encode)) == messages)
    }
}
