// SPDX-License-Identifier: MIT
//! What the generated classes of `api` stand on: handles that may be closed, and the passing of
//! texts, callbacks and errors.
use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, CString, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libllm_sys as sys;
use sys::c_char;

use crate::api::ErrorKind;

/// What the library says is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What every call gives that may fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
        }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// One line for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Something that lives as long as an object of the library: a callback.
pub(crate) type Kept = Arc<dyn Any + Send + Sync>;

/// Whether an object is in use by another that was made from it.
type Held = Arc<AtomicBool>;

/// What an object keeps alive, and what it has for itself, until it is closed.
#[derive(Default)]
pub(crate) struct Owned {
    kept: Vec<Kept>,
    held: Vec<Held>,
}

/// An object of the library, or none any more. What may be called from any thread goes through `shared`.
pub(crate) struct Handle<T> {
    name: &'static str,
    shared: Shared<T>,
    pointer: *mut T,
    free: unsafe extern "C" fn(*mut T),
    kept: Vec<Kept>,
    /// Whether an object that was made from this one has it for itself, as a stream has its session.
    held: Held,
    /// The same of the objects that this one holds.
    holds: Vec<Held>,
    /// Of an iterator: it is over.
    pub(crate) over: bool,
}

impl<T> Handle<T> {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    pub(crate) unsafe fn new(
        name: &'static str,
        pointer: *mut T,
        free: unsafe extern "C" fn(*mut T),
        owned: Owned,
    ) -> Self {
        let shared = Shared {
            name,
            pointer: Arc::new(Mutex::new(pointer)),
        };
        let Owned { kept, held: holds } = owned;
        holds.iter().for_each(|held| held.store(true, Ordering::Relaxed));
        let held = Held::default();
        Handle {
            name,
            shared,
            pointer,
            free,
            kept,
            held,
            holds,
            over: false,
        }
    }

    pub(crate) fn get(&self) -> Result<*mut T> {
        open(self.name, self.pointer)
    }

    /// For what needs the object for itself, which has it as `&mut`.
    pub(crate) fn get_exclusive(&self) -> Result<*mut T> {
        if !self.is_closed() && self.held.load(Ordering::Acquire) {
            let message = format!("the {} is in use by an object that was made from it", self.name);
            return Err(Error::new(ErrorKind::Busy, message));
        }
        self.get()
    }

    pub(crate) fn kept(&self) -> &[Kept] {
        &self.kept
    }

    pub(crate) fn shared(&self) -> Shared<T> {
        Shared {
            name: self.name,
            pointer: Arc::clone(&self.shared.pointer),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.pointer.is_null()
    }

    pub(crate) fn close(&mut self) {
        *self.shared.lock() = std::ptr::null_mut();
        // SAFETY: nobody else has the pointer any more; NULL is fine.
        unsafe { (self.free)(std::mem::replace(&mut self.pointer, std::ptr::null_mut())) };
        self.holds
            .drain(..)
            .for_each(|held| held.store(false, Ordering::Release));
        thrown(); // by a log function: there is no call to raise it from
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        self.close();
    }
}

/// The way to an object that another thread may be using, for functions that allow that.
pub(crate) struct Shared<T> {
    name: &'static str,
    pointer: Arc<Mutex<*mut T>>,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, *mut T> {
        self.pointer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls with the object, which is not closed meanwhile.
    pub(crate) fn with<R>(&self, function: impl FnOnce(*mut T) -> R) -> Result<R> {
        let pointer = self.lock();
        Ok(function(open(self.name, *pointer)?))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared {
            name: self.name,
            pointer: Arc::clone(&self.pointer),
        }
    }
}

fn open<T>(name: &str, pointer: *mut T) -> Result<*mut T> {
    if pointer.is_null() {
        return Err(Error::new(ErrorKind::Closed, format!("the {name} is closed")));
    }
    Ok(pointer)
}

thread_local! {
    static THROWN: RefCell<Option<Box<dyn Any + Send>>> = RefCell::new(None);
}

fn thrown() -> Option<Box<dyn Any + Send>> {
    THROWN.try_with(|thrown| thrown.borrow_mut().take()).unwrap_or(None)
}

/// Runs a callback of the program: its panic is kept until the call on this thread is over. Nobody can
/// be told of a panic on a thread of the library, as in a log function.
pub(crate) fn guarded<R>(fallback: R, function: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(|panic| {
        let _ = THROWN.try_with(|thrown| {
            thrown.borrow_mut().get_or_insert(panic);
        });
        fallback
    })
}

/// One call of a C function: what must stay alive meanwhile or longer, and its error.
pub(crate) struct Call {
    pub(crate) error: sys::libllm_error,
    owned: Owned,
    stored: Vec<Box<dyn Any>>,
}

impl Call {
    pub(crate) fn new() -> Self {
        let error = sys::libllm_error {
            status: 0,
            message: [0; 508],
        };
        Call {
            error,
            owned: Owned::default(),
            stored: Vec::new(),
        }
    }

    /// Whether there is a further item, for functions that iterate; or the error, or the panic of a callback.
    pub(crate) fn check(&mut self, status: i32) -> Result<bool> {
        if let Some(panic) = thrown() {
            resume_unwind(panic);
        }
        if status < 0 {
            // SAFETY: the library has filled in the error.
            let message = unsafe { read_c_text(self.error.message.as_ptr()) };
            return Err(Error::new(ErrorKind::from_status(status), message.unwrap_or_default()));
        }
        Ok(status == sys::LIBLLM_OK)
    }

    /// What the object that the call makes has to keep, also of what it is made from, and to hold.
    pub(crate) fn owned(&mut self, parents: &[&[Kept]]) -> Owned {
        let mut found = std::mem::take(&mut self.owned);
        found.kept.extend(parents.iter().copied().flatten().cloned());
        found
    }

    /// The object that the call makes has another one for itself.
    pub(crate) fn hold<T>(&mut self, handle: &Handle<T>) {
        self.owned.held.push(Arc::clone(&handle.held));
    }

    /// Keeps a callback; returns what finds it again.
    pub(crate) fn keep<T: Send + Sync + 'static>(&mut self, item: T) -> *mut sys::c_void {
        let kept = Arc::new(item);
        let pointer = Arc::as_ptr(&kept) as *mut sys::c_void;
        self.owned.kept.push(kept);
        pointer
    }

    /// Keeps C data to the end of the call.
    pub(crate) fn store<T: 'static>(&mut self, item: Vec<T>) -> *mut T {
        let mut stored = Box::new(item);
        let pointer = stored.as_mut_ptr();
        self.stored.push(stored);
        pointer
    }

    pub(crate) fn c_text(&mut self, text: impl AsRef<OsStr>) -> Result<*const c_char> {
        let text = CString::new(text.as_ref().as_bytes())
            .map_err(|_| Error::new(ErrorKind::InvalidArgument, "the text has a NUL inside"))?;
        Ok(self.store(text.into_bytes_with_nul()) as *const c_char)
    }

    pub(crate) fn c_text_or_null(&mut self, text: Option<impl AsRef<OsStr>>) -> Result<*const c_char> {
        text.map_or(Ok(std::ptr::null()), |text| self.c_text(text))
    }

    pub(crate) fn c_texts(&mut self, texts: &[String]) -> Result<*const *const c_char> {
        let pointers = texts.iter().map(|text| self.c_text(text)).collect::<Result<Vec<_>>>()?;
        Ok(self.store(pointers))
    }

    /// Calls with more room when the function asks for it.
    pub(crate) fn sized<T: Clone + Default>(
        &mut self,
        mut capacity: usize,
        mut function: impl FnMut(*mut T, usize, *mut usize, *mut sys::libllm_error) -> i32,
    ) -> Result<Vec<T>> {
        loop {
            let mut found = vec![T::default(); capacity];
            let mut needed = 0;
            let status = function(found.as_mut_ptr(), capacity, &mut needed, &mut self.error);
            if status != sys::LIBLLM_ERROR_BUFFER_TOO_SMALL || needed <= capacity {
                self.check(status)?;
                found.truncate(needed);
                return Ok(found);
            }
            capacity = needed;
        }
    }
}

/// Text that a function gave; what is no UTF-8 is replaced.
pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// # Safety
/// The pointer is NULL or to that many bytes.
pub(crate) unsafe fn read_text(pointer: *const c_char, length: usize) -> String {
    if pointer.is_null() {
        return String::new();
    }
    String::from_utf8_lossy(std::slice::from_raw_parts(pointer as *const u8, length)).into_owned()
}

/// # Safety
/// The pointer is to so many items, or NULL.
pub(crate) unsafe fn read_array<C, T>(first: *const C, length: usize, read: impl Fn(&C) -> T) -> Vec<T> {
    if first.is_null() {
        return Vec::new();
    }
    std::slice::from_raw_parts(first, length).iter().map(read).collect()
}

/// # Safety
/// The pointer is NULL or to text that ends with NUL.
pub(crate) unsafe fn read_c_text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    Some(CStr::from_ptr(pointer).to_string_lossy().into_owned())
}

/// # Safety
/// The pointer is to static text that ends with NUL.
pub(crate) unsafe fn static_text(pointer: *const c_char) -> &'static str {
    CStr::from_ptr(pointer).to_str().unwrap_or_default()
}
