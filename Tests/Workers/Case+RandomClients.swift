import Foundation
import TestHarness
import TestSupport

/// Clients that disconnect at random, against every configuration. No worker may end, every response must be correct,
/// and nothing may leak.
extension Case {
    private static let seconds = ProcessInfo.processInfo.environment["CHAOS_SECONDS"].flatMap { Int($0) } ?? 60

    static let randomClients: [Case] = [
        .randomClients("direct, one loop", []),
        .randomClients("direct, two loops", ["--threads", "2"]),
        .randomClients("direct, two workers", ["--workers", "2"]),
        .randomClients("a worker group, one loop each", [], group: ""),
        .randomClients("a worker group, two loops each", ["--threads", "2"], group: ""),
        .randomClients("a worker group of two", [], group: "workers: 2"),
        .randomClients("reloads in place", [], reloads: []),
        .randomClients("reloads by new workers, in a group", [], group: "", reloads: ["--new-workers"]),
    ]

    /// `group`: settings of the module's worker group; `nil` if it has none. `reloads`: options of the reloads that run
    /// meanwhile; `nil` for none.
    private static func randomClients(
        _ name: String, _ options: [String], group: String? = nil, reloads: [String]? = nil
    ) -> Case {
        Case("random clients: \(name)") { _ in
            let folder = try TemporaryFolder()
            let own = group.map { "server: {groups: {own: {\($0)}}}\n" } ?? ""
            try folder.write(
                "settings.yaml",
                "\(own)applications:\n  - {module: \(Modules.bench), mount: /\(group == nil ? "" : ", worker: own")}\n")
            let server = try Server(nil, ["--app-dir", folder.path] + options)
            let load = RandomLoad(port: server.port)
            // Warms up caches, pools and the allocator.
            try Self.run(load, on: server, for: max(Self.seconds / 4, 1), reloads)
            let before = try Self.rest(server)
            try Self.run(load, on: server, for: Self.seconds, reloads)
            let after = try Self.rest(server)
            let status = try server.status()
            try expect("crashes", status.crashes, 0)
            if reloads == nil {
                try expect("workers", after.processes, before.processes)
                try expect("restarts", status.restarts, 0)
                guard after.descriptors <= before.descriptors else {
                    throw UnexpectedResult("\(after.descriptors - before.descriptors) leaked descriptors")
                }
                guard after.memory - before.memory < 24 << 20 else {
                    throw UnexpectedResult("memory has grown by \(mebibytes(after.memory - before.memory))")
                }
            }
            try server.stop()
            return """
                \(load.tally.counts.answered) complete visits, \(load.tally.counts.farewells) early disconnects; \
                \(mebibytes(max(after.memory - before.memory, 0))) more memory
                """
        }
    }

    private static func run(_ load: RandomLoad, on server: Server, for seconds: Int, _ reloads: [String]?) throws {
        let crowd = Crowd(of: 12, load)
        if let reloads {
            let start = Time()
            while start.milliseconds < seconds * 1000 {
                let answer = try server.command("reload", ["--force"] + reloads)
                guard answer.status == 0 else {
                    throw UnexpectedResult("roost reload: \(answer.status) \(answer.error)")
                }
            }
        } else {
            load.tally.waitForDisconnect(seconds: seconds)
        }
        try crowd.stop()
        if let loss = load.tally.losses.first {
            throw UnexpectedResult("\(load.tally.losses.count) wrong or missing responses: \(loss.text)")
        }
    }

    /// The resources of all workers while no client is connected.
    private struct Rest {
        var processes: [Int32]
        var descriptors = 0
        var memory = 0
    }

    private static func rest(_ server: Server) throws -> Rest {
        try wait(for: "no connections and no scopes") {
            try server.status().workers.allSatisfy { $0.connections == 0 && $0.unfinished == 0 && $0.state == "ready" }
        }
        var rest = Rest(processes: server.workers.sorted())
        for worker in rest.processes.map(ProcessFigures.init) {
            rest.descriptors += try worker.descriptors
            rest.memory += try worker.anonymousMemory
        }
        return rest
    }
}

/// Visits of random clients, one after another on each thread.
private struct RandomLoad: Load {
    let port: Int
    let tally = Tally()

    func visit(_ crowd: Tally) {
        let since = Time()
        var numbers = SeededNumbers(state: UInt64.random(in: 0...UInt64.max))
        do {
            switch try RandomClient(port: self.port).visit(&numbers) {
            case .answered: self.tally.count { $0.answered += 1 }
            case .left: self.tally.count { $0.farewells += 1 }
            }
        } catch let wrong as RandomClient.WrongAnswer {
            self.tally.lose(Tally.Loss(since: since, text: wrong.description))
        } catch {
            self.tally.lose(Tally.Loss(since: since, text: "\(error)"))
        }
    }
}
