import CASGI
import CLinux
import Glibc
import Testing

@testable import ModuleRuntime

/// The two ways in which watched descriptors are polled, each without an event loop.
@Suite("The poll of watched descriptors")
final class DescriptorPollTests {
    private let event = roost_event_make()
    /// The read and the write end.
    private var pipe: [CInt] = [-1, -1]

    init() throws {
        try #require(self.event >= 0)
        try #require(Glibc.pipe(&self.pipe) == 0)
    }

    deinit {
        for descriptor in self.pipe + [self.event] where descriptor >= 0 { close(descriptor) }
    }

    /// Waits for the eventfd until the poll has completed.
    private func waitUntilReady(_ poll: DescriptorPoll) throws -> [UInt64] {
        while true {
            if let numbers = poll.ready() { return numbers }
            var count: UInt64 = 0
            var wait = pollfd(fd: self.event, events: Int16(POLLIN), revents: 0)
            try #require(Glibc.poll(&wait, 1, 60_000) == 1)
            _ = read(self.event, &count, 8)
        }
    }

    private func writeByte() { #expect(write(self.pipe[1], "x", 1) == 1) }

    private func readByte() {
        var byte: UInt8 = 0
        #expect(read(self.pipe[0], &byte, 1) == 1)
    }

    @Test("a ready descriptor signals the event", arguments: [false, true])
    func ready(isByThread: Bool) throws {
        let poll = DescriptorPoll(event: self.event, isByThread: isByThread)
        defer { poll.stop() }
        #expect(poll.add(self.pipe[0], .init(number: 1, conditions: .readable, isPersistent: false)) == ASGI_PENDING)
        #expect(poll.add(self.pipe[0], .init(number: 2, conditions: .readable, isPersistent: true)) == ASGI_PENDING)
        #expect(poll.ready() == nil)
        self.writeByte()
        #expect(try self.waitUntilReady(poll) == [1, 2])
        self.readByte()
        #expect(poll.resume())
        self.writeByte()
        #expect(try self.waitUntilReady(poll) == [2])
        #expect(poll.resume())
        poll.remove(self.pipe[0], 2)
        #expect(poll.add(self.pipe[1], .init(number: 3, conditions: .writable, isPersistent: false)) == ASGI_PENDING)
        #expect(try self.waitUntilReady(poll) == [3])
        #expect(poll.resume())
    }

    @Test(
        "a closed descriptor whose duplicate is open is reported once, and is not watched again",
        arguments: [false, true])
    func closed(isByThread: Bool) throws {
        let poll = DescriptorPoll(event: self.event, isByThread: isByThread)
        defer { poll.stop() }
        let duplicate = dup(self.pipe[0])
        #expect(poll.add(duplicate, .init(number: 1, conditions: .readable, isPersistent: true)) == ASGI_PENDING)
        close(duplicate)
        poll.remove(duplicate, 1)
        #expect(poll.add(self.pipe[1], .init(number: 2, conditions: .writable, isPersistent: false)) == ASGI_PENDING)
        self.writeByte()
        var seen: [UInt64] = []
        while !seen.contains(2) {
            seen += try self.waitUntilReady(poll)
            #expect(poll.resume())
        }
        #expect(seen == [2])
    }

    @Test("a stopped poll watches nothing", arguments: [false, true])
    func stopped(isByThread: Bool) throws {
        let poll = DescriptorPoll(event: self.event, isByThread: isByThread)
        #expect(poll.add(self.pipe[0], .init(number: 1, conditions: .readable, isPersistent: true)) == ASGI_PENDING)
        poll.stop()
        #expect(poll.add(self.pipe[1], .init(number: 2, conditions: .writable, isPersistent: false)) == ASGI_STALE)
        #expect(poll.ready() == nil)
    }
}
