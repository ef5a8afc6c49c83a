import RoostSystem
import TestSupport
import Testing

@Suite("Waiting for other threads")
struct ThreadTests {
    // MARK: OneShot

    @Test("a value that is sent before or during the wait arrives; later values are dropped")
    func oneShot() async {
        let early = OneShot<Int>()
        #expect(early.send(1))
        #expect(!early.send(2))
        #expect(await early.value(within: .seconds(60)) == 1)
        #expect(!early.send(3))

        let late = OneShot<Int>()
        let sent = Task.detached { [late.send(1), late.send(2)].count { $0 } }
        #expect(await late.value(within: .seconds(60)) == 1)
        #expect(await sent.value == 1)
    }

    @Test("after the deadline there is no value, and a late value is dropped")
    func deadline() async {
        let none = OneShot<Int>()
        #expect(await none.value(within: .milliseconds(1)) == nil)
        #expect(!none.send(1))
        #expect(await none.value(within: .seconds(60)) == nil)
    }

    @Test("if a value and the deadline come together, one of them wins, and the sender knows which")
    func race() async {
        for _ in 0..<200 {
            let shot = OneShot<Int>()
            let sent = Task.detached { shot.send(1) }
            let value = await shot.value(within: .zero)
            #expect(await sent.value == (value == 1))
        }
    }

    // MARK: Monitor

    @Test("a thread waits until the value meets its condition")
    func monitor() async throws {
        let monitor = Monitor<[Int]>([])
        async let taken = onThread {
            (0..<3).map { _ in monitor.wait { $0.isEmpty ? nil : $0.removeFirst() } }
        }
        for number in 1...3 {
            monitor.withLock { $0.append(number) }
            monitor.signal()
        }
        #expect(try await taken == [1, 2, 3])
    }

    @Test("broadcast wakes all waiting threads, which change the value one at a time")
    func broadcast() async throws {
        let monitor = Monitor(0)
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...4 {
                group.addTask {
                    try await onThread {
                        monitor.wait { value in
                            guard value == number else { return nil }
                            value += 1
                            monitor.broadcast()
                            return number
                        }
                    }
                }
            }
            monitor.withLock { $0 = 1 }
            monitor.broadcast()
            return try await group.reduce(0, +)
        }
        #expect(total == 10)
        #expect(monitor.withLock { $0 } == 5)
    }

    @Test("a timed wait ends at its deadline, or earlier when the value arrives")
    func timedWait() async throws {
        let monitor = Monitor(false)
        #expect(monitor.wait(milliseconds: 1) { $0 ? true : nil } == nil)
        async let isSeen = onThread { monitor.wait(milliseconds: 60_000) { $0 ? true : nil } }
        monitor.withLock { $0 = true }
        monitor.broadcast()
        #expect(try await isSeen == true)
    }
}
