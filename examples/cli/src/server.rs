//! The authorization server, by its metadata (RFC 8414).

use oauth2::{
    AuthUrl, Client, ClientId, DeviceAuthorizationUrl, EmptyExtraTokenFields, EndpointNotSet, EndpointSet,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenResponse,
        BasicTokenType,
    },
};
use serde::Deserialize;

use crate::{Outcome, http};

/// What the command line asks for.
pub const SCOPES: [&str; 2] = ["account:read", "notes:read"];

/// The answer with tokens.
pub type Tokens = StandardTokenResponse<EmptyExtraTokenFields, BasicTokenType>;

/// A client that knows where to authorize, devices too, and where to get tokens.
pub type OAuth = Client<
    BasicErrorResponse,
    BasicTokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: AuthUrl,
    token_endpoint: TokenUrl,
    device_authorization_endpoint: DeviceAuthorizationUrl,
    revocation_endpoint: String,
}

/// A server, and this application there.
pub struct Server {
    pub issuer: String,
    pub client: String,
    pub oauth: OAuth,
    revocation_endpoint: String,
}

impl Server {
    /// Reads the metadata of the server at the origin `issuer`.
    ///
    /// # Errors
    /// If it has none, or says that it is another server (RFC 8414 section 3.3).
    pub fn discover(issuer: &str, client: &str) -> Outcome<Self> {
        let issuer = issuer.trim_end_matches('/');
        let metadata = http::get(&format!("{issuer}/.well-known/oauth-authorization-server"), None)?;
        let metadata: Metadata = serde_json::from_value(metadata)?;
        if metadata.issuer != issuer {
            return Err(format!("{issuer} says that it is {}.", metadata.issuer).into());
        }
        let oauth = Client::new(ClientId::new(client.into()))
            .set_auth_uri(metadata.authorization_endpoint)
            .set_token_uri(metadata.token_endpoint)
            .set_device_authorization_url(metadata.device_authorization_endpoint);
        let revocation_endpoint = metadata.revocation_endpoint;
        Ok(Self { issuer: metadata.issuer, client: client.into(), oauth, revocation_endpoint })
    }

    /// Ends the access with all its tokens (RFC 7009). The library does that on https only, which a server on this
    /// machine need not have.
    ///
    /// # Errors
    /// If the server does not say that it is done.
    pub fn revoke(&self, token: &str) -> Outcome<()> {
        http::post(&self.revocation_endpoint, &[("client_id", self.client.as_str()), ("token", token)])
    }
}
