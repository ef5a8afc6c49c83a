import Foundation
import TestHarness
import TestSupport

/// Versions that fail to load: the previous version keeps serving, and the failure is reported everywhere.
extension Case {
    static let reloadFailures: [Case] = [
        .keepsOld("no symbol", "-Dapplication=other", "does not define the function 'application'"),
        .keepsOld("a crash in a constructor", "-DCONSTRUCTOR=crash_here()", "crashed with SIGSEGV while loading"),
        .keepsOld("a crash in startup", "-DSTARTUP=crash_here()", "crashed with SIGSEGV in", losing: 1),
        .keepsOld("a refused startup", "-DSTARTUP=refuse()", "refused to start: there is no database"),
        .keepsOld("a failed health check", "-DHEALTH=503", "health check failed: /app/healthz returned status 503"),
        .keepsOld("a startup beyond the time limit", "-DSTARTUP=sleep(60)", "no answer within 1 seconds"),
        .keepsOld(
            "a refused startup in a new worker", "-DSTARTUP=refuse()", "there is no database", "-DSTATIC_TLS"),
        .keepsOld(
            "a crash in startup in a new worker", "-DSTARTUP=crash_here()", "crashed with SIGSEGV in",
            "-DSTATIC_TLS"),
        Case("repeated crashes quarantine a version by its hash, and the previous version serves until a reload") {
            modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve()
            try deployed.put("2")
            try server.waitFor(version: "2")
            for number in 1...3 {
                let client = try server.client()
                client.send(Case.get("/app/crash"))
                try expect("response", try client.readToEnd(), "")
                try server.log.wait(for: "worker crashed ", " signal=SIGSEGV ", count: number)
            }
            try server.waitFor(version: "1")
            // Another change in the folder must not end the quarantine.
            try deployed.folder.write("modules/other.yaml", "")
            try FileManager.default.copyItem(atPath: try modules.generation("9"), toPath: "\(deployed.path)/other.so")
            try server.waitFor(version: "9", at: "/other/")
            try expect("version", try server.answer().version, "1")
            try expect("crashes", try server.status().crashes, 3)
            try expect("roost reload", try server.command("reload", "app").status, 0)
            try expect("version after an explicit reload", try server.answer().version, "2")
            // The count begins again: the same file can be quarantined once more.
            for number in 4...6 {
                let client = try server.client()
                client.send(Case.get("/app/crash"))
                try expect("response", try client.readToEnd(), "")
                try server.log.wait(for: "worker crashed ", " signal=SIGSEGV ", count: number)
            }
            try server.log.wait(for: "application quarantined ", count: 2)
            try server.stop()
            return "3 crashes, then the previous version; roost reload ends the quarantine"
        },
        Case("an unchanged file is not reloaded, except with --force, which resets its statics") { modules in
            let deployed = try Deployed(modules)
            let server = try deployed.serve()
            for _ in 1...5 { _ = try server.answer() }
            try deployed.put("1")
            try server.log.wait(for: "nothing to reload application=app ")
            let answer = try server.command("reload", "app")
            try expect("exit status", answer.status, 0)
            guard answer.output.contains("nothing to reload") else { throw UnexpectedResult(answer.output) }
            try expect("count", try server.answer().count, 6)
            let forced = try server.command("reload", "/app", "--force")
            guard forced.status == 0, forced.output.hasPrefix("app: generation ") else {
                throw UnexpectedResult(forced.output)
            }
            try expect("count", try server.answer().count, 1)
            let unknown = try server.command("reload", "ap")
            try expect("exit status", unknown.status, 1)
            guard unknown.error.contains("did you mean app?") else { throw UnexpectedResult(unknown.error) }
            try server.stop()
            return
                "\(answer.output.trimmingCharacters(in: .newlines)); \(forced.output.trimmingCharacters(in: .newlines))"
        },
    ]

    /// `flags`: of both versions. `losing`: the number of workers that exit.
    private static func keepsOld(
        _ name: String, _ flag: String, _ word: String, _ flags: String..., losing: Int = 0
    ) -> Case {
        Case("failed reload: \(name)") { modules in
            let folder = try TemporaryFolder()
            let module = "\(folder.path)/app.so"
            func put(_ version: String, _ flags: [String]) throws {
                let library = try modules.generation(version, flags)
                try FileManager.default.copyItem(atPath: library, toPath: "\(module).part")
                try expect("rename", rename("\(module).part", module), 0)
            }
            try put("1", flags)
            try folder.write(
                "settings.yaml", "applications: [{module: \"\(module)\", name: app, mount: /app, health: /healthz}]\n")
            let server = try Server(
                "--app-dir=\(folder.path)", ["--workers", "2", "--timeout-lifespan", "1", "--settings", "settings"])
            let workers = Set(try server.waitForWorkers(2))
            try put("2", flags + [flag])
            let answer = try server.command("reload", "app")
            try expect("exit status of roost reload APP", answer.status, 1)
            guard answer.error.contains(word) else { throw UnexpectedResult("roost reload printed '\(answer.error)'") }
            for _ in 0..<10 { try expect("version", try server.answer().version, "1") }
            let fault = try server.status().applications.first?.fault ?? ""
            guard fault.contains(word) else { throw UnexpectedResult("roost status reports '\(fault)'") }
            let failed = "reload failed, previous version still serving "
            try expect("log lines", server.log.all(failed, word).count, 1)
            try expect("application", server.log.all(failed, " application=app ").count, flags.isEmpty ? 1 : 0)
            let lost = workers.subtracting(try server.waitForWorkers(2)).count
            try expect("workers lost", lost, losing)
            try put("3", flags)
            try expect("exit status", try server.command("reload", "app").status, 0)
            try expect("version", try server.answer().version, "3")
            try expect("fault", try server.status().applications.first?.fault ?? "", "")
            try server.stop()
            return "exit status 1, previous version serving\(losing > 0 ? ", \(losing) worker lost" : "")"
        }
    }
}
