import Foundation
import TestHarness
import TestSupport

/// The duration and memory of reloads, and reloads under load.
extension Case {
    private static let reloadCount = ProcessInfo.processInfo.environment["RELOADS"].flatMap { Int($0) } ?? 1000

    static let reloadFigures: [Case] = [
        Case("time from the write of a file to the first response of the new code, 100 times: C") { modules in
            let deployed = try Deployed(modules)
            let libraries = try (0...1).map { try modules.generation("\($0)") }
            return try Self.measure(deployed, libraries, "/app/") { number, text in text.hasPrefix("\(number) ") }
        },
        Case("time from the write of a file to the first response of the new code, 100 times: Swift") { modules in
            let deployed = try Deployed(modules)
            let libraries = try ["X", "Y"].map { try modules.swiftHello($0) }
            return try Self.measure(deployed, libraries, "/app/") { number, text in
                text == "Hello, \(["X", "Y"][number])orld!"
            }
        },
        Case("memory that a worker keeps per reload, 200 times: C") { modules in
            let deployed = try Deployed(modules)
            return try Self.weigh(deployed, try (0...1).map { try modules.generation("\($0)") })
        },
        Case("memory that a worker keeps per reload, 200 times: Swift") { modules in
            let deployed = try Deployed(modules)
            return try Self.weigh(deployed, try ["X", "Y"].map { try modules.swiftHello($0) })
        },
        Case("\(reloadCount) reloads under load, with new workers: no lost or mixed responses, no growth") {
            modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve([
                "--workers", "2", "--reload-drain", "2", "--reload-delay", "0.02", "--limit-max-requests", "20000",
            ])
            let load = ReloadLoad(port: server.port)
            let requests = Crowd(of: 64, load)
            let sockets = Crowd(of: 16, ReloadSockets(port: server.port))
            try requests.wait(forMore: 2000)
            let quiet = load.times.reset()
            let client = KeptClient(server)
            let start = Time()
            let supervisor = ProcessFigures(server.identifier)
            let figures = {
                try (descriptors: supervisor.descriptors, memory: supervisor.privateMemory.written)
            }
            var early = (descriptors: 0, memory: 0)
            for number in 1...Self.reloadCount {
                let version = "\(number % 10)"
                try deployed.put(version)
                try wait(for: "reload \(number)") { try client.ask("/app/").hasPrefix("\(version) ") }
                if number == Self.reloadCount / 5 { early = try figures() }
            }
            let time = start.milliseconds
            let slow = load.times.reset()
            try requests.stop()
            try sockets.stop()
            let losses = requests.tally.losses + sockets.tally.losses
            guard losses.isEmpty else {
                throw UnexpectedResult("\(losses.count) lost: \(losses.prefix(3).map(\.text)); \(server.log.tail)")
            }
            let late = try figures()
            guard late.descriptors <= early.descriptors + 4, late.memory <= early.memory + (2 << 20) else {
                throw UnexpectedResult("the supervisor has grown from \(early) to \(late)")
            }
            let recycled = server.log.all("new worker needed").count
            try server.stop()
            return """
                \(time / Self.reloadCount) ms each, \(recycled) by new workers; \
                \(requests.tally.counts.answered) responses, \
                \(sockets.tally.counts.answered) messages, none lost or mixed; \
                slowest response \(slow.slowest) ms (\(slow.slow) above 100 ms), \
                without reloads \(quiet.slowest) ms; supervisor: \(late.descriptors) descriptors, \
                \(mebibytes(early.memory)) after a fifth and \(mebibytes(late.memory)) at the end
                """
        },
    ]

    /// Measures the time from the rename of a complete file.
    private static func measure(
        _ deployed: Deployed, _ libraries: [String], _ path: String, _ isNew: (Int, String) -> Bool
    ) throws -> String {
        let server = try deployed.serve()
        let client = KeptClient(server)
        var times: [Int] = []
        for number in 1...100 {
            try deployed.put(file: libraries[number % 2])
            let start = Time()
            try wait(for: "the new code") { isNew(number % 2, try client.ask(path)) }
            times.append(start.milliseconds)
        }
        try server.stop()
        times.sort()
        let late = times.filter { $0 > 150 }.count
        return "median \(times[50]) ms, slowest \(times[99]) ms, \(late) of 100 above 150 ms (reload delay: 100 ms)"
    }

    private static func weigh(_ deployed: Deployed, _ libraries: [String]) throws -> String {
        let server = try deployed.serve([
            "--reload-delay", "0", "--limit-images", "1000", "--limit-image-bytes", "4000000000",
        ])
        let process = try server.waitForWorkers(1)[0]
        var done = 0
        func reload(_ count: Int) throws {
            for _ in 0..<count {
                try deployed.put(file: libraries[done % 2])
                done += 1
                try server.waitForReload("in place", count: done)
            }
        }
        try reload(20)
        let before = try ProcessFigures(process).privateMemory
        try reload(200)
        let after = try ProcessFigures(process).privateMemory
        let (each, pages) = ((after.written - before.written) / 200, (after.ofFiles - before.ofFiles) / 200)
        try server.stop()
        let figures =
            "\(each >> 10) KiB each, and \(pages >> 10) KiB of file pages, which the kernel can reclaim"
        guard each <= 200 << 10 else { throw UnexpectedResult(figures) }
        return figures
    }
}

/// A client that reuses its connection for repeated requests.
private final class KeptClient {
    private let server: Server
    private var client: RawClient?

    init(_ server: Server) { self.server = server }

    func ask(_ path: String) throws -> String {
        let client = try self.client ?? self.server.client()
        client.send(Case.get(path))
        let response = try client.readResponse()
        self.client = response.header("connection") == "close" ? nil : client
        return response.text
    }
}
