/// An element of an `IndexedList`, which sets its index.
protocol IndexedElement: AnyObject {
    var index: Int { get set }
}

/// A list without an order, from which an element is removed in constant time. A value without I/O.
struct IndexedList<Element: IndexedElement> {
    private(set) var all: [Element] = []

    var count: Int { self.all.count }
    var isEmpty: Bool { self.all.isEmpty }

    mutating func append(_ element: Element) {
        element.index = self.all.count
        self.all.append(element)
    }

    /// Removes an element of this list.
    mutating func remove(_ element: Element) {
        let last = self.all.removeLast()
        guard last !== element else { return }
        self.all[element.index] = last
        last.index = element.index
    }
}
