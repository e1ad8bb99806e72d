//! Waiting, and how it ended: who waits keeps a note of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use samspel::Context;
use tokio::time::sleep;
use tonic::Status;

use crate::api::{WaitEnd, WaitRequest, WaitResponse};

#[derive(Clone, Default)]
pub struct Waits(Arc<Mutex<HashMap<String, WaitEnd>>>);

impl Waits {
    pub async fn wait(&self, WaitRequest { id, ms }: WaitRequest) -> Result<WaitResponse, Status> {
        let left = Context::current().time_left().unwrap_or_default();
        let mut waiting = Waiting {
            waits: self.clone(),
            id,
            end: WaitEnd::Cancelled,
        };
        self.note(&waiting.id, WaitEnd::Waiting);
        sleep(Duration::from_millis(ms.into())).await;
        waiting.end = WaitEnd::Finished;
        Ok(WaitResponse {
            deadline_left_ms: u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
        })
    }

    pub fn end_of(&self, id: &str) -> WaitEnd {
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.get(id).copied().unwrap_or(WaitEnd::Unspecified)
    }

    fn note(&self, id: &str, end: WaitEnd) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), end);
    }
}

/// A call that ends before its time is dropped where it waits.
struct Waiting {
    waits: Waits,
    id: String,
    end: WaitEnd,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.waits.note(&self.id, self.end);
    }
}
