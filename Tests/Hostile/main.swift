import Foundation
import TestHarness

// Runs attacks one after another against one server. Prints the outcome of each, with the server's memory before and
// after it. Exits with status 1 if an outcome is not the expected one.
//
//     Hostile [--group] [WORD]    WORD: only attacks whose name contains it; --group: serve from a worker group

// 10,000 connections need as many descriptors here and in the server.
var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

Victim.isGrouped = CommandLine.arguments.dropFirst().first == "--group"
let word = CommandLine.arguments.dropFirst(Victim.isGrouped ? 2 : 1).first ?? ""
let attacks = CheckRun.select(
    Attack.slow + Attack.large + Attack.many + Attack.resets + Attack.sockets, word: word, name: \.name)
let victim = try Victim()
var run = CheckRun(names: attacks.map(\.name))
try victim.checkAlive()
for attack in attacks {
    run.run(attack.name) {
        let before = try victim.memory
        try victim.resetPeak()
        let outcome = try attack.run(victim)
        try victim.checkAlive()
        return "\(mebibytes(before)) -> \(mebibytes(try victim.memory))  \(outcome)"
    }
}
run.run("shutdown of the server") {
    try victim.stop()
    return "exit status 0"
}
run.finish()
