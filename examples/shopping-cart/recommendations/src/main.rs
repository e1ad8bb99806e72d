//! The service, from here on until SIGTERM.

mod changes;
mod pairs;
mod service;

use std::process::ExitCode;

use samspel::{App, BoxError, Service};

use crate::api::cart::CartCheckedOut;
use crate::api::popular::popular_items_service_client::PopularItemsServiceClient;
use crate::api::recommendations::recommendation_service_server::RecommendationServiceServer;
use crate::changes::Changes;
use crate::pairs::Pairs;
use crate::service::Recommendations;

/// The code of the protos, made by `interop/rust/generate.sh`.
#[expect(clippy::pedantic, reason = "generated")]
mod api {
    pub mod cart {
        include!("gen/cart.v1.rs");
    }
    pub mod popular {
        include!("gen/popular.v1.rs");
    }
    pub mod recommendations {
        include!("gen/recommendations.v1.rs");
    }
}

async fn start(app: &mut App) -> Result<(), BoxError> {
    let pairs = Pairs::open(app.database().await?).await?;
    let changes = Changes::of(app.settings())?;
    let popular =
        PopularItemsServiceClient::new(app.channel("consul:///popular.v1.PopularItemsService")?);

    let recommendations = Recommendations::new(pairs.clone(), changes, popular, app.stopping());
    app.serve(RecommendationServiceServer::new(recommendations));

    let checked_out = app.topic::<CartCheckedOut>("cart.v1.CartTopics/CheckedOut")?;
    app.subscribe_with_inbox(&checked_out, "recommendations", pairs)
        .await?;
    Ok(())
}

fn main() -> ExitCode {
    Service::new("recommendations", include_bytes!("gen/descriptors.bin"))
        .version(env!("CARGO_PKG_VERSION"))
        .run(start)
}
