/// Whether an application gets lifespan events (startup and shutdown), with Uvicorn's names.
public enum LifespanMode: String, Sendable, CaseIterable {
    /// If the application supports lifespan.
    case auto
    /// Always: an application without lifespan support is refused.
    case on
    /// Never.
    case off
}
