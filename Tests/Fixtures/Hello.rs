// Hello in Rust, with its own declarations of the parts of asgi.h that it uses. SPDX-License-Identifier: Apache-2.0
use std::ffi::c_void;

#[repr(C)]
struct AsgiString { data: *const u8, size: usize }
#[repr(C)]
struct AsgiHeader { name: AsgiString, value: AsgiString }
#[repr(C)]
pub struct AsgiScope { size: u32, kind: u32, id: u64 }
#[repr(C)]
pub struct AsgiEvent {
    size: u32, kind: u32, flags: u32, status: i32, code: i32, file: i32, offset: i64, count: i64,
    body: AsgiString, text: AsgiString, headers: *const AsgiHeader, header_count: usize, state: *mut c_void,
    release: Option<extern "C" fn(*mut c_void)>, release_context: *mut c_void,
}
type Then = Option<extern "C" fn(*mut c_void, u64, i32, *const AsgiEvent)>;
type Receive = extern "C" fn(u64, *mut AsgiEvent, Then, *mut c_void) -> i32;
type Send = extern "C" fn(u64, *const AsgiEvent, Then, *mut c_void) -> i32;

const HTTP: u32 = 1;
const HTTP_RESPONSE: u32 = 0x110;
const UNSUPPORTED: i32 = -5;

const fn string(text: &'static str) -> AsgiString { AsgiString { data: text.as_ptr(), size: text.len() } }

#[no_mangle]
pub extern "C" fn application(scope: *const AsgiScope, _receive: Receive, send: Send) -> i32 {
    let scope = unsafe { &*scope };
    if scope.kind != HTTP { return UNSUPPORTED; }
    let header = AsgiHeader { name: string("content-type"), value: string("text/plain; charset=utf-8") };
    let event = AsgiEvent {
        size: std::mem::size_of::<AsgiEvent>() as u32, kind: HTTP_RESPONSE, flags: 0, status: 200, code: 0, file: 0,
        offset: 0, count: 0, body: string("Hello, World!"), text: string(""), headers: &header, header_count: 1,
        state: std::ptr::null_mut(), release: None, release_context: std::ptr::null_mut(),
    };
    let result = send(scope.id, &event, None, std::ptr::null_mut());
    if result < 0 { result } else { 0 }
}
