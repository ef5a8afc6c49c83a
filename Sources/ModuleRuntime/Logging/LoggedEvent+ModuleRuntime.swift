import Logging
package import RoostSystem

extension LoggedEvent {
    // MARK: Calls of modules

    static let callRefused = LoggedEvent(
        .error, "call refused", "A module called a function of the host in a way that asgi.h does not allow.")
    static let sendFailed = LoggedEvent(
        .error, "send failed", "The host could not carry out a valid send, for example of a file that cannot be read.")
    static let resultIgnored = LoggedEvent(
        .warning, "result ignored", "The application returned a result after it had already finished the scope.")
    static let applicationFailed = LoggedEvent(
        .error, "application failed",
        "The application ended a request or a WebSocket with an error, or without a complete response.")
    static let viewFieldsInvalid = LoggedEvent(
        .warning, "view input invalid", "A view asked for fields of a query, form or cookie that cannot be decoded.")
    static let groupJoinFailed = LoggedEvent(
        .error, "cannot join group", "A WebSocket could not join a group (--limit-groups).")

    // MARK: Threads and loops

    static let eventLoopBlocked = LoggedEvent(
        .warning, "event loop blocked",
        "A call of a module blocked an event loop. Move blocking work to the thread pool (spawn, ASGI_BLOCKING).")
    static let threadUnavailable = LoggedEvent(
        .error, "cannot start thread",
        "No thread could be created for a blocking call; the fields are the limits of the system.")

    // MARK: Lifespan and state

    static let lifespanFailed = LoggedEvent(
        .error, "lifespan failed", "The application ended its lifespan with an error while it was serving.")
    static let stateRestored = LoggedEvent(
        .debug, "state restored", "The application restored the state of its previous generation (asgi.state/1).")
    static let stateNotTransferred = LoggedEvent(
        .warning, "state not transferred", "State could not be saved or restored; the new generation starts without it."
    )

    // MARK: Connections

    static let requestRefused = LoggedEvent(
        .info, "request refused", "The server answered an invalid request itself, with this status.")
    static let connectionRefused = LoggedEvent(
        .info, "connection refused",
        "The server closed a connection without a response: its client is not a trusted proxy, sent no valid PROXY protocol header, or has violated HTTP/2 or a limit of it."
    )
    static let handshakeFailed = LoggedEvent(
        .info, "TLS handshake failed", "A connection was closed before a request, for this reason.")
    static let webSocketClosed = LoggedEvent(
        .info, "websocket closed", "The server closed a WebSocket itself, with this code.")
    static let groupMemberClosed = LoggedEvent(
        .info, "slow group member closed", "A WebSocket was too slow for the messages of its group; closed with 1013.")
    static let connectionsNotAccepted = LoggedEvent(
        .warning, "cannot accept connections",
        "Connections are waiting. Raise `ulimit -n`, or lower --limit-concurrency. At most one line a minute.")
    static let relayFailed = LoggedEvent(
        .error, "relay connection failed", "The connection between two workers ended because of an invalid message.")

    package static let ofModuleRuntime = [
        callRefused, sendFailed, resultIgnored, applicationFailed, viewFieldsInvalid, groupJoinFailed, eventLoopBlocked,
        threadUnavailable, lifespanFailed, stateRestored, stateNotTransferred, requestRefused, connectionRefused,
        handshakeFailed, webSocketClosed, groupMemberClosed, connectionsNotAccepted, relayFailed,
    ]
}
