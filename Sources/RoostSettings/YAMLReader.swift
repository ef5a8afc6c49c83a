import RoostSystem

/// Reads a YAML text into nodes, in bounded time and memory: a user who can write a settings file must not be able to
/// stop the host.
///
/// An alias becomes a copy of its anchor's node and counts against the limits each time, so readers of the nodes need
/// not handle aliases. Copies share their memory. Merge keys (`<<`, <https://yaml.org/type/merge.html>) are applied:
/// the map's own keys win, then those of the earlier map.
package struct YAMLReader {
    /// Limits of a text.
    package struct Limits: Sendable {
        /// Number of keys, values, lists and maps.
        package var nodes = 100_000
        /// Nesting depth of lists and maps.
        package var depth = 64
        /// Size of keys and values, in bytes.
        package var bytes = 16 << 20
        /// Number of lines that begin with `%`: libyaml compares each directive with all before it.
        package var directives = 16

        package init() {}
    }

    /// The node of an anchor, and what it counts against the limits.
    private struct Anchored {
        let node: SettingsNode
        let nodes: Int
        let bytes: Int
        let height: Int
    }

    private let events: YAMLEvents
    private let limits: Limits
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0
    private var bytes = 0

    /// The only document of a text; nil if there is none.
    package static func read(_ text: String, limits: Limits = Limits()) throws(YAMLFault) -> SettingsNode? {
        try Self.checkDirectives(text, limits)
        var reader = YAMLReader(events: try YAMLEvents(text), limits: limits)
        return try reader.document()
    }

    private init(events: YAMLEvents, limits: Limits) {
        self.events = events
        self.limits = limits
    }

    private static func checkDirectives(_ text: String, _ limits: Limits) throws(YAMLFault) {
        var (line, directives, isAtStart) = (1, 0, true)
        for byte in text.utf8 {
            if isAtStart, byte == UInt8(ascii: "%") {
                directives += 1
                guard directives <= limits.directives else {
                    throw YAMLFault(line: line, message: "more than \(limits.directives) directives; remove them")
                }
            }
            // In YAML a carriage return ends a line too.
            isAtStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            if byte == UInt8(ascii: "\n") { line += 1 }
        }
    }

    private mutating func document() throws(YAMLFault) -> SettingsNode? {
        guard case .documentStart = try self.events.next().kind else { return nil }
        let (node, _) = try self.node(try self.events.next(), depth: 0)
        // The end of the document.
        _ = try self.events.next()
        let last = try self.events.next()
        guard case .streamEnd = last.kind else {
            throw YAMLFault(line: last.line, message: "found a second document; a settings file has one")
        }
        return node
    }

    /// The node that begins with an event, and its nesting depth, itself included.
    private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLFault) -> (SettingsNode, height: Int) {
        if case .alias = event.kind { return try self.alias(event, depth: depth) }
        let before = (nodes: self.nodes, bytes: self.bytes)
        let content: SettingsNode.Content
        var height = 0
        switch event.kind {
        case .scalar: content = .scalar(try self.scalar(event))
        case .listStart:
            try self.open(event, "seq", depth)
            let (list, inner) = try self.list(depth: depth + 1)
            (content, height) = (.list(list), inner + 1)
        default:
            try self.open(event, "map", depth)
            let (map, inner) = try self.map(depth: depth + 1)
            (content, height) = (.map(map), inner + 1)
        }
        let node = SettingsNode(content: content, line: event.line)
        if !event.anchor.isEmpty {
            self.anchors[event.anchor] = Anchored(
                node: node, nodes: self.nodes - before.nodes, bytes: self.bytes - before.bytes, height: height)
        }
        return (node, height)
    }

    private mutating func alias(_ event: YAMLEvent, depth: Int) throws(YAMLFault) -> (SettingsNode, height: Int) {
        guard let anchored = self.anchors[event.anchor] else {
            throw YAMLFault(
                line: event.line,
                message: "the alias refers to no anchor before it; write the value out"
                    + " (a value that starts with * must be quoted)")
        }
        try self.spend(nodes: anchored.nodes, bytes: anchored.bytes, event.line)
        try self.check(depth: depth + anchored.height, event.line)
        return (anchored.node, anchored.height)
    }

    private mutating func scalar(_ event: YAMLEvent) throws(YAMLFault) -> CoreScalar {
        guard case .scalar(let text, let isPlain) = event.kind else { return CoreScalar(quoted: "") }
        try self.spend(nodes: 1, bytes: text.utf8.count, event.line)
        do throws(CoreScalar.Fault) {
            guard event.tag.isEmpty else { return try CoreScalar(text, tag: event.tag) }
            return isPlain ? try CoreScalar(plain: text) : CoreScalar(quoted: text)
        } catch { throw YAMLFault(line: event.line, message: error.message) }
    }

    private mutating func list(depth: Int) throws(YAMLFault) -> ([SettingsNode], height: Int) {
        var list: [SettingsNode] = []
        var height = 0
        while true {
            let event = try self.events.next()
            if case .end = event.kind { return (list, height) }
            let (node, inner) = try self.node(event, depth: depth)
            list.append(node)
            height = max(height, inner)
        }
    }

    private mutating func map(depth: Int) throws(YAMLFault) -> (SettingsMap, height: Int) {
        var map = SettingsMap()
        var lines: [String: Int] = [:]
        var merged: [SettingsMap] = []
        var height = 0
        while true {
            let event = try self.events.next()
            if case .end = event.kind { break }
            let (name, isMerge) = try self.key(event, depth: depth)
            guard lines.updateValue(event.line, forKey: name) == nil else {
                let first = map.entries.first { $0.name == name }.map { " (the first is in line \($0.line))" } ?? ""
                throw YAMLFault(
                    line: event.line, message: "duplicate key '\(ShownText.of(name))'\(first); remove one of them")
            }
            let (value, inner) = try self.node(try self.events.next(), depth: depth)
            height = max(height, inner)
            if isMerge {
                merged = try Self.merged(value)
            } else {
                map.entries.append(SettingsMap.Entry(name: name, line: event.line, value: value))
            }
        }
        for other in merged {
            for entry in other where lines.updateValue(entry.line, forKey: entry.name) == nil {
                map.entries.append(entry)
            }
        }
        return (map, height)
    }

    /// A key's text, and whether it is the merge key.
    private mutating func key(_ event: YAMLEvent, depth: Int) throws(YAMLFault) -> (String, isMerge: Bool) {
        switch event.kind {
        case .scalar("<<", isPlain: true) where event.tag.isEmpty, .scalar("<<", _) where event.tag == Self.mergeTag:
            try self.spend(nodes: 1, bytes: 2, event.line)
            return ("<<", true)
        case .scalar, .alias:
            let (node, _) = try self.node(event, depth: depth)
            guard let text = node.text else { throw Self.noKey(node.kindWords, event.line) }
            return (text, false)
        case .mapStart: throw Self.noKey("a map", event.line)
        default: throw Self.noKey("a list", event.line)
        }
    }

    private static let mergeTag = CoreScalar.namespace + "merge"

    private static func noKey(_ found: String, _ line: Int) -> YAMLFault {
        YAMLFault(line: line, message: "found \(found) instead of a key")
    }

    /// The maps in a merge key's value.
    private static func merged(_ value: SettingsNode) throws(YAMLFault) -> [SettingsMap] {
        if let map = value.map { return [map] }
        let maps = value.list?.compactMap(\.map) ?? []
        guard let list = value.list, maps.count == list.count else {
            throw YAMLFault(
                line: value.line, message: "the merge key '<<' must have a map, or a list of maps, as its value")
        }
        return maps
    }

    // MARK: Limits

    /// Begins a list or a map.
    private mutating func open(_ event: YAMLEvent, _ type: String, _ depth: Int) throws(YAMLFault) {
        guard event.tag.isEmpty || event.tag == "!" || event.tag == CoreScalar.namespace + type else {
            throw YAMLFault(line: event.line, message: CoreScalar.refusal(ofTag: event.tag))
        }
        try self.spend(nodes: 1, bytes: 0, event.line)
        try self.check(depth: depth + 1, event.line)
    }

    private mutating func spend(nodes: Int, bytes: Int, _ line: Int) throws(YAMLFault) {
        self.nodes += nodes
        self.bytes += bytes
        guard self.nodes <= self.limits.nodes else {
            throw YAMLFault(
                line: line,
                message: "more than \(self.limits.nodes) keys and values, each alias counted as a copy;"
                    + " shorten it, or use fewer aliases")
        }
        guard self.bytes <= self.limits.bytes else {
            throw YAMLFault(
                line: line,
                message: "more than \(self.limits.bytes >> 20) MiB of text, each alias counted as a copy;"
                    + " shorten it, or use fewer aliases")
        }
    }

    private func check(depth: Int, _ line: Int) throws(YAMLFault) {
        guard depth <= self.limits.depth else {
            throw YAMLFault(
                line: line, message: "more than \(self.limits.depth) nested lists and maps; flatten them")
        }
    }
}
