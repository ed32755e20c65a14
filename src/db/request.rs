//! The request that work belongs to. It goes along where the work goes on in a task of its own, so that what is stored
//! there can name the request, as the log does.

use std::sync::Arc;

use tokio_util::either::Either;

tokio::task_local! {
    static ID: Arc<str>;
}

/// Does `work` as that of the request `id`.
pub fn within<F: Future>(id: &str, work: F) -> impl Future<Output = F::Output> + use<F> {
    ID.scope(id.into(), work)
}

/// The ID of the request that this is done for, if it is done for one.
pub fn id() -> Option<String> {
    ID.try_with(ToString::to_string).ok()
}

/// `work` for the request of the caller, in whatever task it runs.
pub(super) fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> + use<F> {
    match ID.try_with(Arc::clone) {
        Ok(id) => Either::Left(ID.scope(id, work)),
        Err(_) => Either::Right(work),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_goes_along_into_another_task() {
        let told = within("abc", async { tokio::spawn(carried(async { id() })).await.unwrap() }).await;
        assert_eq!(told.as_deref(), Some("abc"));
        assert_eq!(tokio::spawn(carried(async { id() })).await.unwrap(), None);
    }
}
