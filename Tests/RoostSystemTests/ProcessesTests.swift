import Foundation
import Logging
import TestSupport
import Testing

@testable import RoostSystem

@Suite("Service manager and signals")
struct ProcessesTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// Returns the datagram socket of a service manager, bound to a path.
    private func manager(_ path: String) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(descriptor, $0, size) }
        }
        return descriptor
    }

    private func receive(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    @Test("a service manager that does not read does not block the sender, and gets the notices in order later")
    func notReadyToRead() throws {
        let path = "\(self.folder.path)/notify"
        let manager = self.manager(path)
        defer { close(manager) }
        let flood = ServiceNotice(path: path)
        while !flood.isPending { flood.notify("X=1") }
        let notice = ServiceNotice(path: path)
        notice.notify("READY=1", "STATUS=serving")
        for _ in 0..<100 { notice.notify("WATCHDOG=1") }
        notice.notify("STOPPING=1")
        #expect(notice.isPending && notice.due(now: 5) != nil)
        while self.receive(manager) != nil {}
        notice.deliver()
        #expect(!notice.isPending && notice.due(now: 5) == nil)
        #expect(self.receive(manager) == "READY=1\nSTATUS=serving")
        #expect(self.receive(manager) == "STOPPING=1")
        #expect(self.receive(manager) == nil)
    }

    @Test("the number of pending notices is limited; a service manager that does not exist gets none")
    func bounds() throws {
        let path = "\(self.folder.path)/notify"
        let absent = ServiceNotice(path: path)
        absent.notify("READY=1")
        #expect(!absent.isPending)
        let manager = self.manager(path)
        defer { close(manager) }
        while !absent.isPending { absent.notify("X=1") }
        for number in 1...(ServiceNotice.maxPending + 5) { absent.notify("N=\(number)") }
        while self.receive(manager) != nil {}
        var reported: [String] = []
        while absent.isPending {
            absent.deliver()
            while let message = self.receive(manager) { reported.append(message) }
        }
        #expect(reported == (6...(ServiceNotice.maxPending + 5)).map { "N=\($0)" })
    }

    @Test("every signal that would end the process has a meaning, unless excluded on purpose")
    func meanings() {
        for number in [SIGTERM, SIGINT, SIGQUIT] { #expect(SignalMeaning(number) == .stop) }
        #expect(SignalMeaning(SIGHUP) == .reload && SignalMeaning(SIGUSR1) == .reopenLogs)
        #expect(SignalMeaning(SIGTTIN) == .moreWorkers && SignalMeaning(SIGTTOU) == .fewerWorkers)
        #expect(SignalMeaning(SIGCHLD) == .child)
        // All but faults, job control and signals without effect must have a meaning: signal(7).
        let faults = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGXCPU]
        let jobControl = [SIGKILL, SIGSTOP, SIGTSTP, SIGCONT, SIGURG, SIGWINCH, SIGPIPE, SIGCHLD]
        for number in Int32(1)...64 where ![32, 33].contains(number) {
            let isSystem = (faults + jobControl).contains(number)
            #expect(SignalMeaning.all.contains(number) == !isSystem, "\(SignalName(number))")
        }
        #expect(SignalName(SIGPOLL).description == "SIGIO" && SignalName(64).description == "signal 64")
    }

    @Test("an ignored signal is logged once")
    func ignored() {
        let log = LogLines()
        let signals = IgnoredSignals(Logger(label: "test") { _ in log.handler })
        for _ in 1...3 { signals.log(SIGUSR2) }
        signals.log(SIGALRM)
        #expect(log.holding("signal ignored").count == 2)
    }
}
