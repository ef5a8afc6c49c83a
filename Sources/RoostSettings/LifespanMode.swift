/// Whether an application is told of its start and its end, in Uvicorn's words.
public enum LifespanMode: String, Sendable, CaseIterable {
    /// Where it wants to be.
    case auto
    /// It has to be: one without lifespan is refused.
    case on
    /// Never.
    case off
}
