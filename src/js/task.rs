//! Long work, driven from JavaScript one step at a time.
//!
//! No function of the boundary is `async`. A [`Task`] holds a future of the core and JavaScript polls it: a step ends
//! where the core wants bytes of a source, has progress to tell, or is done. So every entry into wasm is a plain call:
//! a panic is caught where it happens, an `AbortSignal` is looked at between steps, and nothing waits forever.
//!
//! The core asks through a [`Port`]: [`Port::read`] for bytes, [`Port::hash`] for a hash that another thread computes,
//! [`Port::progress`] to report and to let others run.

use super::{error, to_js};
use serde::Serialize;
use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a task wants next. */
export type TaskStep =
  | { kind: "read"; source: number; offset: number; length: number }
  | { kind: "hash"; number: number }
  | { kind: "ask"; what: string; text: string; value: unknown }
  | { kind: "progress"; progress: Progress }
  | { kind: "done"; value: unknown };
"#;

/// What the core waits for.
#[derive(Default)]
struct State {
    request: Option<Request>,
    answer: Option<Result<Vec<u8>, String>>,
    /// What goes out with an [`Request::Ask`] and is no text.
    #[cfg(feature = "image")]
    value: Option<JsValue>,
}

/// One step's outcome, as JavaScript sees it.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Request {
    /// Answer with `feed(bytes)` or `fail(message)`.
    #[serde(rename_all = "camelCase")]
    Read { source: u32, offset: f64, length: u32 },
    /// Answer with `feed(hash)` or `fail(message)`, once the host's hash with that number has ended.
    #[serde(rename_all = "camelCase")]
    Hash { number: u32 },
    /// What only the host can do: the answer is `feed(bytes)` or `fail(message)`. A `value` may come with it.
    #[cfg(feature = "image")]
    #[serde(rename_all = "camelCase")]
    Ask { what: &'static str, text: String },
    /// Nothing to answer: call `step` again.
    Progress { progress: Progress },
}

/// How far long work has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// What is being done: `open`, `read`, `verify`, `build`, `save`.
    pub phase: String,
    /// How much of it is done.
    pub done: f64,
    /// How much there is, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// What is counted: `bytes`, `entries` or `steps`.
    pub unit: String,
    /// What is at hand: a layer's digest, a file, an instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// The core's side of a [`Task`]: clones share one state.
#[derive(Clone, Default)]
pub(crate) struct Port(Rc<RefCell<State>>);

impl Port {
    /// Asks JavaScript for `length` bytes at `offset` of its source number `source`. Fewer come at the source's end.
    /// The error is the host's own message.
    pub(crate) async fn read(&self, source: u32, offset: u64, length: usize) -> Result<Vec<u8>, String> {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.wait(Request::Read { source, offset: offset as f64, length }).await;
        self.0.borrow_mut().answer.take().unwrap_or_else(|| Err("the host gave no bytes".to_owned()))
    }

    /// Asks JavaScript for the hash with that number, which it computes elsewhere.
    pub(crate) async fn hash(&self, number: u32) -> Result<Vec<u8>, String> {
        self.wait(Request::Hash { number }).await;
        self.0.borrow_mut().answer.take().unwrap_or_else(|| Err("the host gave no hash".to_owned()))
    }

    /// Asks JavaScript for something that it knows by the name `what`: its own functions, files, processes. `text` is JSON,
    /// `value` anything else that has to come along.
    #[cfg(feature = "image")]
    pub(crate) async fn ask(&self, what: &'static str, text: String, value: JsValue) -> Result<Vec<u8>, String> {
        self.0.borrow_mut().value = Some(value);
        self.wait(Request::Ask { what, text }).await;
        self.0.borrow_mut().answer.take().unwrap_or_else(|| Err("the host gave no answer".to_owned()))
    }

    /// Reports, and gives the host its turn: a listener is called, an abort is noticed.
    pub(crate) async fn progress(&self, progress: Progress) {
        self.wait(Request::Progress { progress }).await;
    }

    fn take(&self) -> Option<Request> {
        self.0.borrow_mut().request.take()
    }

    async fn wait(&self, request: Request) {
        let mut request = Some(request);
        poll_fn(|_| match request.take() {
            Some(r) => {
                self.0.borrow_mut().request = Some(r);
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
        .await;
    }
}

type Work = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// A piece of long work. `step` until it says `done`; `free` it at any time to give it up.
#[wasm_bindgen]
pub struct Task {
    work: Option<Work>,
    port: Port,
}

impl Task {
    /// A task for the future that `work` makes with the task's own port.
    pub(crate) fn new<F>(work: impl FnOnce(Port) -> F) -> Task
    where
        F: Future<Output = Result<JsValue, JsValue>> + 'static,
    {
        let port = Port::default();
        Task { work: Some(Box::pin(work(port.clone()))), port }
    }
}

#[wasm_bindgen]
impl Task {
    /// Goes on until the core wants something: `{ kind: "read" | "hash" | "ask" | "progress" | "done", … }`. Throws what the work fails with.
    #[wasm_bindgen(unchecked_return_type = "TaskStep")]
    pub fn step(&mut self) -> Result<JsValue, JsValue> {
        let Some(work) = self.work.as_mut() else {
            return Err(error("TASK_ENDED", "this task has ended", &()));
        };
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => match self.port.take() {
                #[cfg(feature = "image")]
                Some(request @ Request::Ask { .. }) => {
                    let step = to_js(&request)?;
                    let value = self.port.0.borrow_mut().value.take().unwrap_or_default();
                    js_sys::Reflect::set(&step, &"value".into(), &value)?;
                    Ok(step)
                }
                Some(request) => to_js(&request),
                None => Err(error("INTERNAL", "a task waits for nothing", &())),
            },
            Poll::Ready(result) => {
                self.work = None;
                let value = result?;
                let done = js_sys::Object::new();
                let set = |k: &str, v: &JsValue| js_sys::Reflect::set(&done, &k.into(), v);
                set("kind", &"done".into())?;
                set("value", &value)?;
                Ok(done.into())
            }
        }
    }

    /// Answers a `read` or `hash` step.
    pub fn feed(&mut self, bytes: Vec<u8>) {
        self.port.0.borrow_mut().answer = Some(Ok(bytes));
    }

    /// Answers a `read` or `hash` step that the host could not do.
    pub fn fail(&mut self, message: String) {
        self.port.0.borrow_mut().answer = Some(Err(message));
    }
}
