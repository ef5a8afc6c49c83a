import Glibc
import NIOCore

/// The output of a connection. Collects output in the loop's buffer and in the channel, flushes it once per
/// batch, and closes the channel. Loop-bound.
final class ConnectionOutput: SharedOutput.Owner {
    /// How the connection is closed.
    enum Closing {
        /// After pending writes. `linger`: the client's side is then read until it ends or times out (RFC 9112 §9.6).
        case afterWrites(linger: Bool)
        /// At once, after one write. `reset`: without it, and drops what the kernel has not sent.
        case cut(reset: Bool)
    }

    private let loop: ServerLoop
    private let shared: SharedOutput
    var segment = SharedOutput.Segment()
    // SAFETY: the connection owns this object, and each promise that calls it holds the connection.
    private unowned(unsafe) var connection: (any OutputConnection)!
    /// Nil once the channel is closed.
    private var context: ChannelHandlerContext?
    /// Encrypts the output; nil without TLS.
    private let transport: (any SecureTransport)?
    private var isDirty = false
    private var closing: Closing?
    /// The bytes given to the channel since it was last writable.
    private var queued = 0
    private var isWritable = true
    /// The flushes since the client last sent something. A client that asks has read what it got before.
    private var flushesSinceInput = 0
    private var progress = WriteProgress()
    /// The files that the kernel is sending, in order.
    private var files: [FileInTransfer] = []
    /// Whether a response body ends with the connection.
    private var endsBody = false
    /// Whether everything was written, and only the client's end is awaited.
    private(set) var hasEnded = false

    /// The high-water mark of pending output, and the limit above which a send is not accepted, in bytes.
    private let mark: Int
    private let limit: Int
    /// The maximum number of files in transfer.
    private let maxFiles: Int

    /// The maximum size of a body that is copied into the buffer, to be written together with its header, in bytes.
    static let smallBody = 16 * 1024

    init(loop: ServerLoop, transport: (any SecureTransport)?) {
        self.loop = loop
        self.transport = transport
        self.shared = loop.output
        self.mark = loop.configuration.writeMark
        self.limit = loop.configuration.writeLimit
        self.maxFiles = loop.configuration.files
    }

    deinit { assert(!self.shared.belongs(to: self), "the loop's buffer belongs to a connection that has ended") }

    func opened(_ context: ChannelHandlerContext, for connection: any OutputConnection) {
        self.context = context
        self.connection = connection
    }

    /// Called when the channel is closed.
    func channelClosed() { self.context = nil }

    // MARK: Back-pressure

    /// Whether another send may be accepted.
    var hasRoom: Bool { self.pending < self.limit && !self.hasTooManyFiles }

    /// Whether pending output exceeds the high-water mark.
    var isCongested: Bool {
        !self.isWritable || self.pending > self.mark || self.hasTooManyFiles || self.isHeld
    }

    /// Whether the transport holds more than the high-water mark.
    private var isHeld: Bool { self.transport.map { $0.heldBytes > self.mark } ?? false }

    /// Each file in transfer holds a descriptor, however small its part is.
    private var hasTooManyFiles: Bool { self.files.count >= self.maxFiles }

    private var pending: Int { self.queued + self.shared.size(for: self) }

    func writabilityChanged(_ isWritable: Bool) {
        self.isWritable = isWritable
        if isWritable { self.queued = 0 }
    }

    /// The bytes that the channel has not written yet.
    var unsent: Int {
        ((try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
            + (self.transport?.heldBytes ?? 0)
    }

    /// Whether all output was written when the channel was last queried.
    var isDrained: Bool { self.progress.isDrained }

    /// Whether the client makes no progress within the write timeout, or a file has become too short to be sent.
    func isStuck() -> Bool {
        let limit = self.loop.configuration.writeTime
        if !self.progress.isDrained, self.progress.isStuck(unsent: self.unsent, now: self.loop.tick, limit: limit) {
            return true
        }
        return self.files.contains(where: \.isTruncated)
    }

    // MARK: Writing

    /// Calls `body` to encode output, which is flushed with the loop's batch.
    @inline(__always)
    func encode<Result>(_ body: (inout ByteBuffer) -> Result) -> Result {
        self.setDirty()
        return self.shared.append(for: self, body)
    }

    /// Writes the bytes of a body or a message. They are released after the write.
    func write(_ body: ResponseBody) {
        if body.bytes.size <= Self.smallBody {
            self.encode { HTTP1Encoder.write(body.bytes, into: &$0) }
            if body.release != nil { self.loop.willRelease(body) }
            return
        }
        self.startWrite(size: body.bytes.size)
        guard let context else { return }
        guard body.release != nil else {
            return context.write(NIOAny(ByteBuffer(bytes: body.bytes.bytes)), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let loop = self.loop
        promise.futureResult.assumeIsolated().whenComplete { _ in loop.willRelease(body) }
        context.write(NIOAny(ByteBuffer(borrowing: body.bytes)), promise: promise)
    }

    /// Writes bytes without a copy. The same bytes can be written to other connections.
    func write(shared bytes: ByteBuffer) {
        self.startWrite(size: bytes.readableBytes)
        self.context?.write(NIOAny(bytes), promise: nil)
    }

    /// Writes a part of a file (sendfile).
    func write(_ file: ResponseFile) {
        self.startWrite(size: file.count)
        guard let context else { return }
        let transfer = FileInTransfer(file)
        self.files.append(transfer)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let connection: any OutputConnection = self.connection
        promise.futureResult.assumeIsolated().whenComplete { _ in
            transfer.close()
            connection.output.fileSent()
        }
        context.write(NIOAny(IOData.fileRegion(transfer.region)), promise: promise)
    }

    private func fileSent() {
        let isRelief = self.hasTooManyFiles || self.transport != nil
        self.files.removeFirst()
        if isRelief { self.loop.turn { self.notifyRelieved() } }
    }

    /// Prepares a write that bypasses the loop's buffer.
    private func startWrite(size: Int) {
        self.setDirty()
        self.spill()
        self.count(size)
    }

    @inline(__always)
    private func setDirty() {
        guard !self.isDirty else { return }
        self.isDirty = true
        self.loop.willFlush(self.connection)
    }

    /// Counts bytes that are passed to the channel.
    private func count(_ bytes: Int) {
        self.progress.gave(bytes)
        self.queued += bytes
    }

    /// Passes the output in the loop's buffer to the channel, without flushing it.
    func spill() {
        guard let context else { return self.discard() }
        guard let output = self.shared.remove(for: self) else { return }
        self.count(output.readableBytes)
        context.write(NIOAny(output), promise: nil)
    }

    /// Drops the output in the loop's buffer.
    func discard() { self.shared.discard(for: self) }

    // MARK: End of a batch

    /// Flushes the output of the batch, in one write if possible, and closes the channel if requested.
    func flush() {
        self.isDirty = false
        guard let context else { return self.discard() }
        switch self.closing {
        case nil:
            self.flush(context)
            guard self.isWritable, !self.isHeld else { return }
            self.queued = 0
            self.notifyRelieved()
        case .afterWrites(let linger):
            self.flush(context)
            // Usually that one write has sent everything.
            guard self.unsent > 0 else { return self.end(linger: linger) }
            let promise = context.eventLoop.makePromise(of: Void.self)
            let connection: any OutputConnection = self.connection
            promise.futureResult.assumeIsolated().whenSuccess {
                connection.loop.turn { connection.output.end(linger: linger) }
            }
            context.writeAndFlush(NIOAny(ByteBuffer()), promise: promise)
        case .cut(let reset):
            if reset {
                self.discard()
                self.setReset(true)
            } else {
                // What was sent before the application failed still reaches the client.
                self.flush(context)
            }
            self.closeNow(context)
        }
    }

    private func flush(_ context: ChannelHandlerContext) {
        self.flushesSinceInput += 1
        let isSlow = self.flushesSinceInput > 1 && self.unsent > 0
        guard let output = self.shared.remove(for: self, copies: isSlow) else { return context.flush() }
        self.count(output.readableBytes)
        context.writeAndFlush(NIOAny(output), promise: nil)
    }

    /// Called when the client has sent something.
    func inputCame() { self.flushesSinceInput = 0 }

    private func notifyRelieved() { self.connection.outputRelieved() }

    // MARK: Closing

    /// Whether the connection is closing. Further input is then discarded.
    var isClosing: Bool { self.closing != nil }

    /// Closes the connection with the loop's batch. After a cut, further calls have no effect.
    func close(_ closing: Closing) {
        if case .cut = self.closing { return }
        self.closing = closing
        self.setDirty()
    }

    /// Closes the channel without the notice that would make a cut body look complete.
    func closeNow(_ context: ChannelHandlerContext) {
        if let transport { transport.abort() } else { context.close(promise: nil) }
    }

    /// Makes the end of the connection the end of a body (RFC 9112 §6.3). Any premature end is a reset from then on, so
    /// that the client does not take a part of the body for the whole.
    func willEndBody() {
        self.endsBody = true
        self.setReset(true)
    }

    private func setReset(_ isOn: Bool) {
        _ = (self.context?.channel as? any SocketOptionProvider)?
            .setSoLinger(linger(l_onoff: isOn ? 1 : 0, l_linger: 0))
    }

    /// Called when everything was written.
    private func end(linger: Bool) {
        guard let context else { return }
        self.hasEnded = true
        if self.endsBody { self.setReset(false) }
        self.notifyRelieved()
        let connection: any OutputConnection = self.connection
        guard connection.outputEnded(linger: linger) else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        connection.resumeReading()
    }
}

@available(*, unavailable)
extension ConnectionOutput: Sendable {}
