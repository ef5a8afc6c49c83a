import CLinux
import Glibc
package import HTTPServer
import NIOCore

/// Answers requests with the files of a folder, on one event loop. Loop-bound.
///
/// The loop itself does the work that needs no disk. A file that was sent recently is described in the cache: then one
/// call asks the system whether it is still the same.
package final class StaticResponder {
    private let folder: StaticFolder
    private let limits: StaticLimits
    private let threads: FileThreads
    private let loop: ServerLoop.Handle
    private let log: @Sendable (StaticFault) -> Void
    private var cache: FileCache
    /// Opened again each second, since the path may lead to another folder now.
    private var descriptor: FolderDescriptor?
    private var opened = -1
    /// The second in which a fault was last logged.
    private var logged = -1

    package init(
        _ folder: StaticFolder, _ limits: StaticLimits, threads: FileThreads, on loop: ServerLoop.Handle,
        log: @escaping @Sendable (StaticFault) -> Void
    ) {
        self.folder = folder
        self.limits = limits
        self.threads = threads
        self.loop = loop
        self.log = log
        self.cache = FileCache(limit: limits.cache)
    }

    /// Answers a request. `below`: the decoded path below the mount. `hidden`: the path prefix that a proxy has removed,
    /// encoded.
    package func answer(_ exchange: any Exchange, below: Octets, hidden: String) {
        let head = exchange.head
        guard head.method.equals("GET") || head.method.equals("HEAD") else {
            return FileRefusal.methodNotAllowed.give(to: exchange)
        }
        let second = time(nil)
        guard let descriptor = self.folderDescriptor(second) else { return FileRefusal.notFound.give(to: exchange) }
        let call = StaticCall(
            exchange: exchange, request: FileRequest(head), below: below, hidden: hidden, descriptor: descriptor,
            second: second)
        // Links of the index are relative to the folder.
        if below.size == 0, self.folder.index != nil, head.path.bytes.last != UInt8(ascii: "/") {
            return self.redirect(call)
        }
        if let (file, open) = self.current(nil, call) { return self.choose(file, open: open, call) }
        guard let name = FileName(below: below) else { return FileRefusal.notFound.give(to: exchange) }
        self.find(name, nil, of: nil, call)
    }

    private func folderDescriptor(_ second: Int) -> FolderDescriptor? {
        guard second != self.opened else { return self.descriptor }
        self.opened = second
        if let descriptor = FolderDescriptor.open(self.folder.path) {
            self.descriptor = descriptor
        } else {
            let number = errno
            self.log(StaticFault(path: self.folder.path, number), second)
            // Without descriptors for a moment, the folder is still the same.
            if ![EMFILE, ENFILE, ENOMEM].contains(number) { self.descriptor = nil }
        }
        return self.descriptor
    }

    /// Logs a fault, at most one each second: a client can repeat its request.
    private func log(_ fault: StaticFault, _ second: Int) {
        guard second != self.logged else { return }
        self.logged = second
        self.log(fault)
    }

    /// The cached file, if it is unchanged. A large one is opened, which is needed to send it.
    private func current(_ coding: ContentCoding?, _ call: StaticCall) -> (file: StaticFile, open: OpenFile?)? {
        guard let file = self.cache[call.below, coding] else { return nil }
        let open = file.contents == nil ? call.descriptor.reopen(file) : nil
        let isSame = file.contents == nil ? open != nil : call.descriptor.has(file)
        guard isSame, coding != nil || self.hasSameCodings(file, call) else {
            self.cache.remove(call.below, coding)
            return nil
        }
        return (file, open)
    }

    /// Looks for new and changed codings of a file, once a second.
    private func hasSameCodings(_ file: StaticFile, _ call: StaticCall) -> Bool {
        guard file.checked != call.second else { return true }
        file.checked = call.second
        return self.finder(call).codings(of: file.name, file.identity) == file.codings
    }

    private func finder(_ call: StaticCall) -> FileFinder {
        FileFinder(folder: self.folder, descriptor: call.descriptor, maxContents: self.limits.contents)
    }

    // MARK: Finding

    /// `base`: the file without the coding, which is sent if there is none with it.
    private func find(_ name: FileName, _ coding: ContentCoding?, of base: StaticFile?, _ call: StaticCall) {
        let finder = self.finder(call)
        let wantsPage = self.folder.fallback != nil && call.request.wantsPage
        let outcome = finder.find(name, coding, wantsPage: wantsPage, second: call.second, cached: true)
        guard case .wouldBlock = outcome else { return self.follow(outcome, coding, of: base, call) }
        self.findOnThread(name, coding, wantsPage: wantsPage, call) { this, outcome, call in
            this.follow(outcome, coding, of: base, call)
        }
    }

    /// Has a thread find a file, which may read the disk, and continues on the loop.
    private func findOnThread(
        _ name: FileName, _ coding: ContentCoding?, wantsPage: Bool, _ call: StaticCall,
        then: @escaping (StaticResponder, FileFinder.Outcome, StaticCall) -> Void
    ) {
        let (finder, found, second) = (self.finder(call), FoundFile(), call.second)
        let bound = self.loop.bound((self, call, then))
        call.exchange.owner = WaitingOwner()
        self.threads.run(
            on: self.loop,
            { found.outcome = finder.find(name, coding, wantsPage: wantsPage, second: second, cached: false) },
            then: {
                let (this, call, then) = bound.value
                call.exchange.owner = nil
                then(this, found.outcome, call)
            })
    }

    private func follow(
        _ outcome: FileFinder.Outcome, _ coding: ContentCoding?, of base: StaticFile?, _ call: StaticCall
    ) {
        switch outcome {
        case .found(let file, let open, let isShared):
            // The file of a fallback is not that of the path: any number of paths has it.
            let isOwn = isShared && (base.map { self.cache[call.below, nil] === $0 } ?? true)
            if isOwn, file.changed + self.limits.settling <= call.second {
                self.cache.insert(file, call.below, coding)
            }
            if coding == nil { self.choose(file, open: open, call) } else { self.send(file, open: open, call) }
        case .redirect: self.redirect(call)
        case .missing:
            if let base { return self.send(base, open: nil, call) }
            FileRefusal.notFound.give(to: call.exchange)
        case .wouldBlock: FileRefusal.exhausted.give(to: call.exchange)
        case .failed(let number):
            self.log(StaticFault(path: "\(self.folder.path)\(call.below.text)", number), call.second)
            let isShort = [EMFILE, ENFILE, ENOMEM].contains(number)
            (isShort ? FileRefusal.exhausted : .notFound).give(to: call.exchange)
        }
    }

    private func redirect(_ call: StaticCall) {
        Array(call.slashed.utf8).withUnsafeBytes { target in
            withUnsafeTemporaryAllocation(of: HeaderField.self, capacity: 1) { fields in
                fields.initializeElement(at: 0, to: HeaderField(name: Octets("location"), value: Octets(target)))
                call.exchange.finish(301, HeaderFields(fields), ResponseBody(.empty))
            }
        }
    }

    // MARK: Sending

    /// Sends the file in the coding that the client prefers.
    private func choose(_ file: StaticFile, open: OpenFile?, _ call: StaticCall) {
        guard !file.codings.isEmpty,
            let coding = AcceptEncoding(call.request.acceptEncoding).best(of: file.codings)
        else { return self.send(file, open: open, call) }
        // The cache may know another file with this coding here: that of a fallback, which has a name of its own.
        if let (coded, open) = self.current(coding, call), coded.name == file.name {
            return self.send(coded, open: open, call)
        }
        self.find(FileName(path: file.name), coding, of: file, call)
    }

    private func send(_ file: StaticFile, open: OpenFile?, _ call: StaticCall) {
        let answer = call.request.answer(size: file.size, tag: file.tag, modified: file.modified)
        let response = FileResponse(file, answer, isHead: call.request.isHead)
        guard let range = response.transferred else { return response.give(to: call.exchange) }
        guard let open = open ?? call.descriptor.reopen(file) else { return self.readAgain(file, call) }
        let transfer = FileTransfer(call.exchange, open, range, threads: self.threads, loop: self.loop)
        response.withFields { transfer.start(status: $0, $1) }
    }

    /// Finds a file that has changed since the cache was asked, or that is on the disk only.
    private func readAgain(_ file: StaticFile, _ call: StaticCall) {
        self.findOnThread(FileName(path: file.name), file.coding, wantsPage: false, call) { this, outcome, call in
            guard case .found(let file, let open, _) = outcome else { return this.follow(outcome, nil, of: nil, call) }
            this.send(file, open: open, call)
        }
    }
}

/// The outcome of a search on a thread.
// SAFETY: written by the thread, and read by the loop after that.
private final class FoundFile: @unchecked Sendable {
    var outcome = FileFinder.Outcome.wouldBlock
}

/// The owner of an exchange while a thread reads: events of the meantime have their effect when the response is sent.
private final class WaitingOwner: ExchangeOwner {
    func exchange(changed change: ExchangeChange) {}
}

@available(*, unavailable)
extension StaticResponder: Sendable {}
