/// The connections of one loop.
struct ConnectionTable {
    private var connections: [ObjectIdentifier: any ServerConnection] = [:]
    /// The number of those that count towards the limit of connections.
    private(set) var counted = 0

    mutating func add(_ connection: any ServerConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
        if connection.isCounted { self.counted += 1 }
    }

    /// False: it was removed before.
    mutating func remove(_ connection: any ServerConnection) -> Bool {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return false }
        if connection.isCounted { self.counted -= 1 }
        return true
    }

    var all: some Collection<any ServerConnection> { self.connections.values }

    /// Those whose exchanges are answered in this process.
    var serving: some Sequence<any ServerConnection> { self.connections.values.lazy.filter(\.serves) }

    var isServing: Bool { self.connections.values.contains(where: \.serves) }

    /// Frees the memory of a table that was larger.
    mutating func trim() {
        guard self.connections.capacity > 4 * self.connections.count else { return }
        self.connections = Dictionary(uniqueKeysWithValues: self.connections.map { ($0.key, $0.value) })
    }
}
