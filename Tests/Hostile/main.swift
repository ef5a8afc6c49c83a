import Foundation
import TestHarness

// Hostile clients, one kind after another, against one running server: each with its outcome, and with the server's memory before and
// after. Ends with 1 when an outcome is not the expected one.
//
//     Hostile [--group] [WORD]    only those whose name holds the word; --group: the module is in a worker group of its own

// 10,000 connections here, and as many there.
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
run.run("the server") {
    try victim.stop()
    return "exit status 0"
}
run.finish()
