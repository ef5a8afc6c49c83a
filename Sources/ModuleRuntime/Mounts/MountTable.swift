package import HTTPServer
import RoostSettings

/// The mounts of a host, by host name and path. Immutable: every loop has a reference, and a change replaces the table.
/// Thread-safe.
///
/// The host name decides first: the mounts of that name, then those of the matching wildcards, the longest first, then
/// those for every host. Within each of these the longest path prefix wins. If no mount of one matches the path, the
/// next is tried.
package final class MountTable: Sendable {
    /// All mounts.
    package let mounted: [Mounted]
    private let everywhere: PathTable?
    /// The mounts of exact host names, by the name.
    private let exact: OctetsTable<PathTable>
    private let wildcards: OctetsTable<PathTable>
    private let namesHosts: Bool
    /// The applications that wrap others, the outermost first, by the number of the innermost.
    private let wrappers: [UInt32: NextApplication]

    /// `mounted`: no two of them may conflict.
    package init(_ mounted: [Mounted] = []) {
        self.mounted = mounted
        var everywhere: [Mounted] = []
        var named: [HostPattern: [Mounted]] = [:]
        for one in mounted {
            if one.mount.hosts.isEmpty { everywhere.append(one) }
            for host in Set(one.mount.hosts) { named[host, default: []].append(one) }
        }
        func table(_ named: [HostPattern: [Mounted]]) -> OctetsTable<PathTable> {
            OctetsTable(named.map { PathTable($0.value, name: $0.key.name) }.map { ($0.name, $0) })
        }
        self.everywhere = everywhere.isEmpty ? nil : PathTable(everywhere)
        self.exact = table(named.filter { !$0.key.isWildcard })
        self.wildcards = table(named.filter(\.key.isWildcard))
        self.namesHosts = !named.isEmpty
        self.wrappers = Self.wrappers(of: mounted)
    }

    private static func wrappers(of mounted: [Mounted]) -> [UInt32: NextApplication] {
        var wrappers: [UInt32: NextApplication] = [:]
        for one in mounted {
            guard let wrapped = one.wrapped else { continue }
            let generations = wrapped.wrappers.map { name in
                // A name that several applications have is ambiguous: the wrong one must not decide about requests.
                let named = mounted.filter { $0.name == name }
                return named.count == 1 ? named[0].generation : nil
            }
            guard generations.allSatisfy({ $0 != nil }) else { continue }
            wrappers[one.number] = .list(wrapping: generations.compactMap(\.self), innermost: wrapped.generation)
        }
        return wrappers
    }

    /// The outermost of the applications that wrap the one at a mount; nil if one of them does not serve.
    func wrappers(of mounted: Mounted) -> NextApplication? { self.wrappers[mounted.number] }

    /// The mount of the application with this number.
    package subscript(number: UInt32) -> Mounted? { self.mounted.first { $0.number == number } }

    /// Whether an application serves, or there is none to serve.
    package var isReady: Bool {
        let applications = self.mounted.filter { $0.number != Mounted.ofFiles }
        return applications.isEmpty || applications.contains(where: \.isServing)
    }

    /// The mount for a request, or nil if there is none.
    @inline(__always)
    package func mounted(for head: RequestHead) -> Unmanaged<Mounted>? {
        if self.namesHosts, let found = self.ofHost(head) { return found }
        return self.everywhere?.mounted(raw: head.rawPath, decoded: head.path)
    }

    private func ofHost(_ head: RequestHead) -> Unmanaged<Mounted>? {
        let name = HostName(head.authority)
        if let exact = name.find(in: self.exact),
            let found = exact._withUnsafeGuaranteedRef({ $0.mounted(raw: head.rawPath, decoded: head.path) })
        {
            return found
        }
        guard !self.wildcards.isEmpty else { return nil }
        for above in name.above {
            guard let wildcard = above.find(in: self.wildcards) else { continue }
            let found = wildcard._withUnsafeGuaranteedRef { $0.mounted(raw: head.rawPath, decoded: head.path) }
            if let found { return found }
        }
        return nil
    }

    /// The response to a request that no mount answers (RFC 9110 §15.5.5, §15.5.20).
    package func absence(of head: RequestHead) -> OwnAnswer {
        guard self.namesHosts, self.everywhere == nil else { return .notFound }
        let name = HostName(head.authority)
        let isKnown =
            name.find(in: self.exact) != nil || name.above.contains { $0.find(in: self.wildcards) != nil }
        return isKnown ? .notFound : .misdirected
    }
}
