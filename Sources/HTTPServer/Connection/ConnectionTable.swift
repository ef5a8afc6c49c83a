/// The connections of one loop.
struct ConnectionTable {
    private var connections: [ObjectIdentifier: any ServerConnection] = [:]
    /// The number of connections that count towards the connection limit.
    private(set) var counted = 0

    mutating func add(_ connection: any ServerConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
        if connection.isCounted { self.counted += 1 }
    }

    /// Returns false if the connection was removed before.
    mutating func remove(_ connection: any ServerConnection) -> Bool {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return false }
        if connection.isCounted { self.counted -= 1 }
        return true
    }

    var count: Int { self.connections.count }

    var all: some Collection<any ServerConnection> { self.connections.values }

    /// The connections whose exchanges are answered in this process.
    var serving: some Sequence<any ServerConnection> { self.connections.values.lazy.filter(\.serves) }

    var isServing: Bool { self.connections.values.contains(where: \.serves) }

    /// Shrinks a table that has become mostly empty.
    mutating func trim() {
        guard self.connections.capacity > 4 * self.connections.count else { return }
        self.connections = Dictionary(uniqueKeysWithValues: self.connections.map { ($0.key, $0.value) })
    }
}
