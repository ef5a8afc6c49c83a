import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import Roost
@testable import RoostDeployment

/// Modules that set `ASGI_BLOCKING` are called on the thread pool and may block there.
@Suite("Blocking modules")
struct BlockingTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Blocking.c"), named: "blocking", in: self.folder)
    }

    @Test("blocking receive and send echo bodies larger than all buffers, on one connection")
    func echo() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let port = served.port
            let body = String(repeating: "0123456789abcdef", count: 1 << 16)
            try await TestSupport.onThread {
                let client = try RawClient(port: port)
                for _ in 0..<3 {
                    client.send("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
                    client.send("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
                    #expect(try client.readResponse().text == body)
                }
            }
        }
    }

    @Test("a blocked call does not delay other requests of its loop; its result has the same effect as on a loop")
    func others() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder)) { served in
            let waiting = try (0..<8).map { _ in try served.client() }
            for client in waiting { client.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n") }
            #expect(try served.get("/none").status == 500)
            #expect(try served.get("/fail").status == 500)
            #expect(try served.get("/finish").text == "finished")
            #expect(try served.get("/open").text == "opened")
            for client in waiting { #expect(try client.readResponse().text == "waited") }
            for result in ["ASGI_DONE", "ASGI_FAILED"] {
                let outcome = "outcome=no response; answered 500 result=\(result) "
                #expect(served.log.holding("application failed", outcome).count == 1)
            }
            #expect(try served.get("/close").status == 200)
        }
    }

    @Test("a request for which the system has no thread gets 503, and the log names the limits once")
    func noThread() async throws {
        try await withServedHost(ServedHost(self.library, in: self.folder) { $0.blockingThreads = 0 }) { served in
            for _ in 1...2 {
                let response = try served.get("/none")
                #expect(response.status == 503)
                #expect(response.text == "Service Unavailable: no thread available for this request")
            }
            let lines = served.log.holding("cannot start thread")
            #expect(lines.count == 1)
            #expect(lines.first?.contains(" RLIMIT_NPROC=") == true)
        }
    }

    @Test("one of several applications uses at most half of the threads, so the others do not wait for it")
    func shared() async throws {
        let prepared = try ApplicationPreparation().prepare(
            try ModuleName(self.library), run: try RunDirectory.make("\(self.folder.path)/run"))
        let applications = try ["a", "b"].enumerated().map { number, host in
            DeployedApplication(
                number: UInt32(number + 1), name: host, mount: try Mount(path: "/", hosts: [try HostPattern(host)]),
                .module(prepared))
        }
        try await withServedHost(ServedHost(applications, in: self.folder) { $0.blockingThreads = 4 }) { served in
            let waiting = try (0..<8).map { _ in try served.client() }
            for client in waiting { client.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n") }
            #expect(try served.get("/none", host: "b").status == 500)
            #expect(try served.get("/open", host: "b").text == "opened")
            for client in waiting { #expect(try client.readResponse().text == "waited") }
            #expect(try served.get("/close", host: "b").status == 200)
        }
    }

    @Test("a request beyond all threads and the queue gets 503; the others are answered when threads are free")
    func full() async throws {
        try await withServedHost(
            ServedHost(self.library, in: self.folder) {
                $0.blockingThreads = 2
                $0.blockingQueue = 2
            }
        ) { served in
            var waiting = try (0..<20).map { _ in try served.client() }
            for client in waiting { client.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n") }
            // Two requests run and two are queued; the others get 503 at once.
            while waiting.count > 4 {
                for client in waiting where try !client.receivesNothing(milliseconds: 0) {
                    #expect(try client.readResponse().status == 503)
                    client.close()
                }
                waiting.removeAll { $0.descriptor < 0 }
            }
            #expect(try served.get("/open").status == 503)
            // Three clients disconnect, which frees a thread for /open.
            for client in waiting[..<3] { client.reset() }
            var status = 503
            while status == 503 { status = try served.get("/open").status }
            #expect(try waiting[3].readResponse().text == "waited")
            #expect(try served.get("/close").status == 200)
        }
    }
}
