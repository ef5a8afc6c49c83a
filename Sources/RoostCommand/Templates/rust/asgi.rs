//! Bindings for the part of Roost's asgi.h that this module needs; that header is the documentation. `Host` and `Scope`
//! omit the last fields: the host creates both, they are used by reference, and structs only grow at their end.
#![allow(dead_code)]

use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::size_of;
use std::ptr::{null, null_mut};

pub const ABI: u32 = 0;
pub const DRAFT: u32 = 4;

pub type Result = i32;
pub const DONE: Result = 0;
pub const PENDING: Result = 1;
pub const GONE: Result = -2;
pub const UNSUPPORTED: Result = -5;
pub const FAILED: Result = -9;

/// A scope type and an event type.
pub const HTTP: u32 = 1;
pub const HTTP_RESPONSE: u32 = 0x110;

/// `asgi_string`: borrowed bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    data: *const u8,
    size: usize,
}

impl Text {
    const fn new(bytes: &[u8]) -> Text {
        Text {
            data: bytes.as_ptr(),
            size: bytes.len(),
        }
    }

    /// # Safety
    /// The bytes must be valid for `'a`.
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(self.data, self.size)
        }
    }
}

/// `asgi_header`; borrows its texts.
#[repr(C)]
pub struct Header<'a> {
    name: Text,
    value: Text,
    borrowed: PhantomData<&'a str>,
}

impl<'a> Header<'a> {
    /// The name must be in lower case.
    pub const fn new(name: &'a str, value: &'a str) -> Header<'a> {
        Header {
            name: Text::new(name.as_bytes()),
            value: Text::new(value.as_bytes()),
            borrowed: PhantomData,
        }
    }
}

pub type Then = Option<unsafe extern "C" fn(*mut c_void, u64, Result, *const Event)>;
pub type Receive = unsafe extern "C" fn(u64, *mut Event, Then, *mut c_void) -> Result;
pub type Send = unsafe extern "C" fn(u64, *const Event, Then, *mut c_void) -> Result;
type Job = unsafe extern "C" fn(u64, Then, *mut c_void) -> Result;

#[repr(C)]
pub struct Host {
    size: u32,
    abi: u32,
    name: Text,
    version: Text,
    log: unsafe extern "C" fn(u64, i32, *const Text) -> Result,
    finish: unsafe extern "C" fn(u64, Result) -> Result,
    ended: Job,
    alive: unsafe extern "C" fn(u64) -> Result,
    post: Job,
    spawn: Job,
    after: unsafe extern "C" fn(u64, u64, Then, *mut c_void, *mut u64) -> Result,
    r#move: unsafe extern "C" fn(u64, u64, u64) -> Result,
    cancel: unsafe extern "C" fn(u64, u64) -> Result,
    setting: unsafe extern "C" fn(u64, *const Text) -> *const Text,
}

#[repr(C)]
pub struct Scope {
    size: u32,
    pub kind: u32,
    pub id: u64,
    host: *const Host,
    state: *mut c_void,
    asgi_version: Text,
    spec_version: Text,
    http_version: Text,
    method: Text,
    scheme: Text,
    path: Text,
    raw_path: Text,
    query_string: Text,
    root_path: Text,
}

impl Scope {
    pub fn method(&self) -> &[u8] {
        unsafe { self.method.bytes() }
    }

    /// The path without the path of the mount; `/` for the mount itself.
    pub fn path_below_mount(&self) -> &[u8] {
        let path: &[u8] = unsafe { self.path.bytes() };
        let below = path.get(self.root_path.size..).unwrap_or(path);
        if below.is_empty() { b"/" } else { below }
    }

    /// Returns the value of a dotted key of the settings: text unchanged, anything else as JSON.
    pub fn setting(&self, key: &str) -> Option<&[u8]> {
        let value = unsafe { ((*self.host).setting)(self.id, &Text::new(key.as_bytes())) };
        unsafe { value.as_ref().map(|text| text.bytes()) }
    }

    /// Sends an event without waiting. The host copies the event.
    pub fn send(&self, send: Send, event: &Event) -> Result {
        unsafe { send(self.id, event, None, null_mut()) }
    }
}

/// `asgi_event`; borrows its headers and its body.
#[repr(C)]
pub struct Event<'a> {
    size: u32,
    kind: u32,
    flags: u32,
    status: i32,
    code: i32,
    file: i32,
    offset: i64,
    count: i64,
    body: Text,
    text: Text,
    headers: *const Header<'a>,
    header_count: usize,
    state: *mut c_void,
    release: Option<unsafe extern "C" fn(*mut c_void)>,
    release_context: *mut c_void,
}

impl<'a> Event<'a> {
    /// A complete response.
    pub fn response(status: i32, headers: &'a [Header<'a>], body: &'a [u8]) -> Event<'a> {
        Event {
            size: size_of::<Event>() as u32,
            kind: HTTP_RESPONSE,
            flags: 0,
            status,
            code: 0,
            file: 0,
            offset: 0,
            count: 0,
            body: Text::new(body),
            text: Text::new(b""),
            headers: headers.as_ptr(),
            header_count: headers.len(),
            state: null_mut(),
            release: None,
            release_context: null_mut(),
        }
    }
}

#[repr(C)]
pub struct Module {
    size: u32,
    abi: u32,
    draft: u32,
    flags: u32,
    name: Text,
    version: Text,
    settings: Text,
    extension: *const c_void,
}

// SAFETY: constant, like everything it points to.
unsafe impl Sync for Module {}

impl Module {
    pub const fn new(name: &'static str, version: &'static str) -> Module {
        Module {
            size: size_of::<Module>() as u32,
            abi: ABI,
            draft: DRAFT,
            flags: 0,
            name: Text::new(name.as_bytes()),
            version: Text::new(version.as_bytes()),
            settings: Text::new(b""),
            extension: null(),
        }
    }
}
