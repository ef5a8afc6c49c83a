//! @NAME@: answers with a greeting. `asgi.rs` is the part of Roost's asgi.h that it needs.
mod asgi;

use std::panic::{catch_unwind, AssertUnwindSafe};

fn answer(scope: &asgi::Scope, send: asgi::Send, status: i32, body: &[u8]) -> asgi::Result {
    // A 405 must list the allowed methods (RFC 9110 §15.5.6).
    let headers = [
        asgi::Header::new("content-type", "text/plain; charset=utf-8"),
        asgi::Header::new("allow", "GET, HEAD"),
    ];
    let count = if status == 405 { 2 } else { 1 };
    let event = asgi::Event::response(status, &headers[..count], body);
    match scope.send(send, &event) {
        // The response was accepted, or the client is gone: in both cases the application is done.
        asgi::PENDING | asgi::GONE => asgi::DONE,
        result => result,
    }
}

fn respond(scope: &asgi::Scope, send: asgi::Send) -> asgi::Result {
    match (scope.kind, scope.path_below_mount(), scope.method()) {
        (asgi::HTTP, b"/", b"GET" | b"HEAD") => {
            let greeting = scope.setting("greeting").unwrap_or(b"Hello!");
            answer(scope, send, 200, greeting)
        }
        (asgi::HTTP, b"/", _) => answer(scope, send, 405, b"Method not allowed\n"),
        (asgi::HTTP, _, _) => answer(scope, send, 404, b"Not found\n"),
        _ => asgi::UNSUPPORTED,
    }
}

/// Runs on an event loop of the host and must not block. No panic may leave it, since the host is not Rust.
///
/// # Safety
/// Called by the host, with a scope that is valid until it has ended.
#[no_mangle]
pub unsafe extern "C" fn application(
    scope: *const asgi::Scope,
    _receive: asgi::Receive,
    send: asgi::Send,
) -> asgi::Result {
    catch_unwind(AssertUnwindSafe(|| respond(unsafe { &*scope }, send))).unwrap_or(asgi::FAILED)
}

/// Cannot panic.
#[no_mangle]
pub extern "C" fn asgi_module_info() -> *const asgi::Module {
    static MODULE: asgi::Module = asgi::Module::new("@NAME@", env!("CARGO_PKG_VERSION"));
    &MODULE
}
