import Foundation
import TestSupport

// Workers that crash, stall, grow, are replaced and stop, each case with its measurements. Ends with 1 when a case fails.
//
//     Workers [WORD]             only the cases whose name holds the word; CHAOS_SECONDS: how long workers are killed under load (60)
//     Workers --reload [WORD]    generations that replace each other; RELOADS: the number of reloads under load (1000)
//     Workers --chaos [WORD]     random clients that leave at any moment; CHAOS_SECONDS: the time of each configuration (60)

let mode = CommandLine.arguments.dropFirst().first.flatMap { $0.hasPrefix("--") ? $0 : nil }
let word = CommandLine.arguments.dropFirst(mode == nil ? 1 : 2).first ?? ""
let all =
    switch mode {
    case "--reload":
        [Case.reloadPlaces, Case.reloadFailures, Case.reloadWrites, Case.reloadDevelopment, Case.reloadFigures]
    case "--chaos": [Case.randomClients]
    default:
        [
            Case.crashes, Case.elsewhere, Case.startup, Case.loops, Case.memory, Case.quarantine, Case.stops,
            Case.holdOuts,
            Case.supervisor, Case.system, Case.replacement, Case.applications, Case.chaos,
        ]
    }
let cases = all.joined().filter { word.isEmpty || $0.name.contains(word) }
guard !cases.isEmpty else {
    print("no case has '\(word)' in its name")
    exit(2)
}

/// How many failed.
func runAll() throws -> Int {
    // Removed with what it has built before this process ends.
    let modules = try Modules()
    let widest = cases.map(\.name.count).max() ?? 0
    var failed = 0
    for one in cases {
        var outcome: String
        do {
            outcome = "ok      \(try one.run(modules))"
        } catch {
            outcome = "FAILED  \(error)"
            failed += 1
        }
        let name = one.name.padding(toLength: widest, withPad: " ", startingAt: 0)
        FileHandle.standardOutput.write(Data("\(name)  \(outcome)\n".utf8))
    }
    return failed
}

let failed = try runAll()
print("\(cases.count - failed) passed, \(failed) failed")
exit(failed == 0 ? 0 : 1)
