//! Requests, answers and refusals.

use std::pin::Pin;

use futures_util::{stream, Stream};
use samspel::{Channel, Rejection, Stopping};
use tonic::{Code, Request, Response, Status};

use crate::api::popular::popular_items_service_client::PopularItemsServiceClient;
use crate::api::popular::ListPopularItemsRequest;
use crate::api::recommendations::recommendation_service_server::RecommendationService;
use crate::api::recommendations::{
    RecommendRequest, RecommendResponse, Recommendation, WatchRecommendationsRequest,
    WatchRecommendationsResponse,
};
use crate::changes::Changes;
use crate::pairs::Pairs;

const DEFAULT_LIMIT: u32 = 10;
const MOST: u32 = 100;

/// Answers what goes with what.
#[derive(Clone)]
pub struct Recommendations {
    pairs: Pairs,
    changes: Changes,
    popular: PopularItemsServiceClient<Channel>,
    stopping: Stopping,
}

impl Recommendations {
    pub fn new(
        pairs: Pairs,
        changes: Changes,
        popular: PopularItemsServiceClient<Channel>,
        stopping: Stopping,
    ) -> Self {
        Self {
            pairs,
            changes,
            popular,
            stopping,
        }
    }

    async fn recommend(&self, sku: &str, limit: u32) -> Result<Vec<Recommendation>, Status> {
        let best = self.pairs.best(sku, limit).await?;
        if best.is_empty() {
            self.popular_beside(sku, limit).await
        } else {
            Ok(best)
        }
    }

    /// What is popular, but for the item itself.
    async fn popular_beside(&self, sku: &str, limit: u32) -> Result<Vec<Recommendation>, Status> {
        let request = ListPopularItemsRequest {
            limit: i32::try_from(limit + 1).unwrap_or_default(),
        };
        let popular = self
            .popular
            .clone()
            .list_popular_items(request)
            .await?
            .into_inner();
        let others = popular.items.into_iter().filter(|item| item.sku != sku);
        Ok(others
            .take(limit as usize)
            .map(|item| Recommendation {
                sku: item.sku,
                carts: 0,
            })
            .collect())
    }

    /// The list, once it is another one than the last.
    async fn next(
        &mut self,
        sku: &str,
        limit: u32,
        last: Option<&[Recommendation]>,
    ) -> Result<Vec<Recommendation>, Status> {
        loop {
            let now = self.recommend(sku, limit).await?;
            if last != Some(&now) {
                return Ok(now);
            }
            tokio::select! {
                () = self.changes.next() => {}
                draining = self.stopping.wait() => return Err(draining),
            }
        }
    }
}

#[tonic::async_trait]
impl RecommendationService for Recommendations {
    async fn recommend(
        &self,
        request: Request<RecommendRequest>,
    ) -> Result<Response<RecommendResponse>, Status> {
        let RecommendRequest { sku, limit } = request.into_inner();
        let (sku, limit) = checked(sku, limit)?;
        let recommendations = self.recommend(&sku, limit).await?;
        Ok(Response::new(RecommendResponse { recommendations }))
    }

    type WatchRecommendationsStream =
        Pin<Box<dyn Stream<Item = Result<WatchRecommendationsResponse, Status>> + Send>>;

    async fn watch_recommendations(
        &self,
        request: Request<WatchRecommendationsRequest>,
    ) -> Result<Response<Self::WatchRecommendationsStream>, Status> {
        let WatchRecommendationsRequest { sku, limit } = request.into_inner();
        let (sku, limit) = checked(sku, limit)?;
        let watch = (self.clone(), None::<Vec<Recommendation>>);
        let lists = stream::try_unfold(watch, move |(mut service, last)| {
            let sku = sku.clone();
            async move {
                let recommendations = service.next(&sku, limit, last.as_deref()).await?;
                let response = WatchRecommendationsResponse {
                    recommendations: recommendations.clone(),
                };
                Ok(Some((response, (service, Some(recommendations)))))
            }
        });
        Ok(Response::new(Box::pin(lists)))
    }
}

fn checked(sku: String, limit: u32) -> Result<(String, u32), Status> {
    if sku.is_empty() {
        return Err(invalid("sku", "sku must not be empty".to_owned()));
    }
    if limit > MOST {
        return Err(invalid(
            "limit",
            format!("limit must be from 1 to {MOST}: current value is {limit}"),
        ));
    }
    Ok((sku, if limit == 0 { DEFAULT_LIMIT } else { limit }))
}

fn invalid(field: &str, message: String) -> Status {
    Rejection::new(Code::InvalidArgument, message)
        .reason("SAMSPEL_INVALID_REQUEST")
        .metadata("field", field)
        .into()
}
