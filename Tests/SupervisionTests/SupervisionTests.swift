import CWorker
import HTTPServer
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import RoostDeployment
@testable import Supervision

@Suite("What the processes of a start tell each other")
struct SupervisionTests {
    @Test("messages survive the wire, whatever stands in them")
    func messages() throws {
        let fields = [
            "plain": "a b", "lines": "a\nb\r\nc\u{85}\u{2028}\u{2029}", "quotes": "\"\\'{}[]: #,&*!|>%@`",
            "number": "007",
            "empty": "", "control": "\u{0}\u{1}\u{1f}\u{7f}\u{9f}\u{feff}", "far": "ü 字 👩‍🚀", "true": "true",
            "null": "null",
        ]
        let message = Message("order", fields)
        #expect(message.line.hasSuffix("\n"))
        #expect(message.line.split(separator: "\n").count == 1)
        #expect(Message(line: message.line) == message)
        for line in ["", "[]", "{", "{\"a\":\"b\"}", "{\"message\":{}}", "no", "{\"message\":\"a\",\"b\":[1]}"] {
            #expect(Message(line: line) == nil, "\(line)")
        }
    }

    @Test("a message between processes is no way to have more read than its line")
    func aliasesInMessages() {
        #expect(Message(line: #"{"message":"a","b":"c"}"#) == Message("a", ["b": "c"]))
        #expect(Message(line: "{message: &a x, b: *a}") == Message("x", ["b": "x"]))
        #expect(Message(line: "{message: a, b: [c]}") == nil)
        #expect(Message(line: "{? [a] : b, message: c}") == nil)
        let long = String(repeating: "x", count: 1000)
        #expect(Message(line: "{message: &a \(long), b: *a, c: *a}") == nil)
    }

    @Test("an order gives a worker what its supervisor has looked at, not what is on disk by then")
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
        var other = InstalledApplication(
            number: 7, name: "other", mount: try Mount(path: "/ü", hosts: [try HostPattern("*.example.org")]),
            work: .module(here))
        other.isOptional = true
        let away = InstalledApplication(number: 9, name: "away", work: .standIn(.quarantined))
        try folder.write("site.yaml", "title: [\n")
        var privileges = Privileges()
        privileges.openFiles = 100
        let order = WorkerOrder(
            applications: [InstalledApplication(application), other, away],
            addresses: [.tcp(host: "::", port: 80), .unix(path: "/tmp/a,b"), .tcp(host: "127.0.0.1", port: 1)],
            privileges: privileges, isErrorColoured: true)
        let told = try WorkerOrder(try #require(Message(line: order.message.line)))
        #expect(told.addresses == order.addresses)
        #expect(told.privileges == privileges)
        #expect(told.isErrorColoured)
        try #require(told.applications.map(\.number) == [1, 7, 9])
        guard case .module(let given) = told.applications[0].work, case .module(let second) = told.applications[1].work,
            case .standIn(.quarantined) = told.applications[2].work
        else {
            Issue.record("\(told.applications)")
            return
        }
        #expect(told.applications[1].mount == other.mount)
        #expect(told.applications.map(\.isOptional) == [false, true, false])
        #expect(second.settings.value("size").map { Octets($0.pointee).text } == "20")
        #expect(given.staged.path == application.staged.path)
        #expect(given.hash == application.hash)
        #expect(given.settings.value("title").map { Octets($0.pointee).text } == "Ü")
        #expect(given.settings.value("pages.size").map { Octets($0.pointee).text } == "20")
        #expect(given.settings.value("roost.folder") != nil)
        #expect(throws: HostError.self) { try WorkerOrder(Message("order")) }
    }

    @Test("a status is the same at the other end, and a table for people")
    func status() throws {
        var report = StatusReport()
        report.version = "0.1.0"
        report.pid = 7
        report.since = 100
        report.state = "serving"
        report.addresses = ["http://127.0.0.1:8000", "unix:/tmp/\"x\""]
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
        #expect(StatusReport(json: report.json) == report)
        #expect(StatusReport(json: "{}") == nil)
        let table = report.table(now: 400) { text, _ in text }
        #expect(table.contains("12 requests by these workers, 2 crashes"))
        #expect(table.split(separator: "\n").contains { $0.hasPrefix("8       ready  5 min  12") })
        #expect(table.contains("3.0 MiB"))
        #expect(!table.contains(" \n"))
    }

    @Test("whatever a worker writes into its page is read, and believed in nothing")
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

    @Test("privileges are told as they are; a user that is not there is refused")
    func privileges() throws {
        var privileges = Privileges()
        #expect(Privileges(text: privileges.text) == privileges)
        privileges.user = 65_534
        privileges.group = 65_534
        privileges.userName = "nobody"
        privileges.core = 0
        privileges.addressSpace = 1 << 40
        #expect(Privileges(text: privileges.text) == privileges)
        #expect(Privileges(text: "1:2") == nil)
        #expect(throws: HostError.self) { try privileges.become(user: "nobody-at-all", group: nil) }
        #expect(throws: HostError.self) { try privileges.become(user: nil, group: "nobody-at-all") }
    }
}
