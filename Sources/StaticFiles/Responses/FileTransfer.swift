import HTTPServer
import NIOCore
import Synchronization

/// Sends a file that is not kept in memory, in parts: each is read from the disk by a thread if it is not in memory, and
/// then sent by the kernel. Loop-bound.
final class FileTransfer: ExchangeOwner {
    private let exchange: any Exchange
    private let file: OpenFile
    private var rest: Range<Int>
    private let threads: FileThreads
    private let loop: ServerLoop.Handle
    /// Whether a part is being sent or read from the disk.
    private var isBusy = false
    private var isGone = false
    private let reading = Reading()

    /// The state that the loop shares with the thread that reads.
    private final class Reading: Sendable {
        let isGone = Atomic(false)
        let isLoaded = Atomic(false)
    }

    /// The size of a part, which is passed to the kernel in one call.
    private static let partSize = 1024 * 1024

    init(
        _ exchange: any Exchange, _ file: OpenFile, _ range: Range<Int>, threads: FileThreads, loop: ServerLoop.Handle
    ) {
        self.exchange = exchange
        self.file = file
        self.rest = range
        self.threads = threads
        self.loop = loop
    }

    /// Starts the response with these fields, which include the length, and sends the file.
    func start(status: Int, _ fields: HeaderFields) {
        self.exchange.owner = self
        guard case .done = self.exchange.start(status: status, fields: fields, trailers: false) else {
            return self.end()
        }
        self.proceed()
    }

    func exchange(changed change: ExchangeChange) {
        switch change {
        case .readable, .complete: break
        case .writable: if !self.isBusy { self.proceed() }
        case .gone:
            self.isGone = true
            self.reading.isGone.store(true, ordering: .relaxed)
            if !self.isBusy { self.end() }
        }
    }

    /// Sends parts until the client reads no faster, or the disk has to be read. `loaded`: the end of what a thread has
    /// read, which is sent even if the kernel has dropped it again.
    private func proceed(loaded: Int = 0) {
        self.isBusy = true
        while true {
            let part = self.rest.lowerBound..<min(self.rest.lowerBound + Self.partSize, self.rest.upperBound)
            guard part.upperBound <= loaded || self.file.isCached(part) else { return self.load(part) }
            let outcome = self.send(part)
            if self.isGone || self.rest.isEmpty { return self.end() }
            switch outcome {
            case .done: continue
            case .pending:
                self.isBusy = false
                return
            case .full, .gone, .invalid: return self.end()
            }
        }
    }

    private func load(_ part: Range<Int>) {
        let (file, reading, this) = (self.file, self.reading, self.loop.bound(self))
        self.threads.run(
            on: self.loop,
            {
                guard !reading.isGone.load(ordering: .relaxed) else { return }
                reading.isLoaded.store(file.load(part), ordering: .relaxed)
            },
            then: {
                let isLoaded = reading.isLoaded.exchange(false, ordering: .relaxed)
                guard isLoaded, !this.value.isGone else { return this.value.end() }
                this.value.proceed(loaded: part.upperBound)
            })
    }

    private func send(_ part: Range<Int>) -> SendOutcome {
        guard let file = self.file.response(part, isLast: part.upperBound == self.rest.upperBound) else { return .full }
        self.rest = part.upperBound..<self.rest.upperBound
        return self.exchange.send(file, more: !self.rest.isEmpty, isTaken: false)
    }

    /// Ends the exchange: as failed if a part is missing, so that the client does not take the rest for the whole.
    private func end() {
        _ = self.exchange.end(failed: !self.rest.isEmpty && !self.isGone)
        self.exchange.recycle()
    }
}

@available(*, unavailable)
extension FileTransfer: Sendable {}
