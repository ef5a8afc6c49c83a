import CLinux
import Glibc
package import NIOCore
import NIOPosix

/// Wakes an event loop through its selector: an eventfd among the loop's descriptors. What it causes runs after the
/// sockets were polled, while a task that is passed to `EventLoop.execute` runs before the loop polls again. Signalled
/// on any thread, and by the kernel.
package final class LoopSignal: Sendable {
    package let eventLoop: any EventLoop
    package let descriptor: CInt
    private let reader: NIOLoopBound<Reader>

    /// Calls the function that `onSignal` has set.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var onSignal: () -> Void = {}

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { self.onSignal() }
    }

    private init(_ eventLoop: any EventLoop, _ descriptor: CInt, _ reader: NIOLoopBound<Reader>) {
        self.eventLoop = eventLoop
        self.descriptor = descriptor
        self.reader = reader
    }

    /// Creates the eventfd, which the loop closes when it ends. Throws `IOError`.
    package static func open(on eventLoop: any EventLoop) async throws -> LoopSignal {
        let descriptor = roost_event_make()
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "eventfd") }
        let reader = try await eventLoop.submit { NIOLoopBound(Reader(), eventLoop: eventLoop) }.get()
        do {
            _ = try await NIOPipeBootstrap(group: eventLoop)
                // One read resets the counter.
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(reader.value)
                    }
                }
                .takingOwnershipOfDescriptor(input: descriptor).get()
        } catch {
            close(descriptor)
            throw error
        }
        return LoopSignal(eventLoop, descriptor, reader)
    }

    /// Sets the function to call on the loop after a signal. Several signals may cause one call. Called on the loop.
    package func onSignal(_ body: @escaping () -> Void) { self.reader.value.onSignal = body }

    /// Signals the loop. Must not be called after the loop has ended. Thread-safe.
    package func send() { roost_event_signal(self.descriptor) }
}
