import Foundation
import TestSupport

// Workers that die, hang, grow, are replaced and stop: each with what it took. Ends with 1 when something else came of one than
// has to.
//
//     Workers [WORD]             only those whose name holds the word; CHAOS_SECONDS: how long workers are killed under load (60)
//     Workers --reload [WORD]    generations that take each other's place; RELOADS: how often under load (1000)

let isReload = CommandLine.arguments.dropFirst().first == "--reload"
let word = CommandLine.arguments.dropFirst(isReload ? 2 : 1).first ?? ""
let reloads = [
    Case.reloadPlaces, Case.reloadFailures, Case.reloadWrites, Case.reloadDevelopment, Case.reloadFigures,
]
let all =
    isReload
    ? reloads
    : [
        Case.crashes, Case.elsewhere, Case.startup, Case.loops, Case.memory, Case.quarantine, Case.stops, Case.holdOuts,
        Case.supervisor, Case.system, Case.replacement, Case.applications, Case.chaos,
    ]
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
