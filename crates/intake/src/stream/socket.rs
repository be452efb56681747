//! A websocket to an address that the guard admitted: the connection goes to exactly the addresses that were checked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::either::Either;
use url::Url;

use super::{Server, StreamError};
use crate::fetch::address::{AdmitError, Guard, Refusal};
use crate::fetch::{USER_AGENT, sha256_hex};

/// Until connected, encrypted and greeted, each.
const STEP: Duration = Duration::from_secs(15);
/// The largest frame. A record of the network has at most a megabyte.
const FRAME_BYTES_MAX: usize = 2 << 20;

type Connection = Either<TcpStream, TlsStream<TcpStream>>;

/// An open websocket.
pub struct Socket {
    frames: WebSocketStream<Connection>,
}

/// Opens a websocket.
pub async fn open(url: &Url, guard: &Guard) -> Result<(Socket, Server), StreamError> {
    let is_encrypted = url.scheme() == "wss";
    // The guard knows http and https; a websocket begins as one of them.
    let as_http = url.as_str().replacen("ws", "http", 1);
    let as_http = Url::parse(&as_http).map_err(|_| AdmitError::Refused(Refusal::Host))?;
    let addresses = guard.admit(&as_http).await?;
    let port = as_http.port_or_known_default().unwrap_or(443);
    let sockets: Vec<SocketAddr> = addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
    let tcp = step("connect", async { TcpStream::connect(sockets.as_slice()).await.map_err(plain) }).await?;
    let ip = tcp.peer_addr().map_err(plain)?.ip();
    let mut server = Server { url: url.to_string(), ip: ip.to_string(), certificate_sha256: None };
    let connection = if is_encrypted {
        let tls = step("tls", encrypt(tcp, as_http.host_str().unwrap_or_default())).await?;
        let certificates = tls.get_ref().1.peer_certificates();
        server.certificate_sha256 = certificates.and_then(|all| all.first()).map(|it| sha256_hex(it));
        Either::Right(tls)
    } else {
        Either::Left(tcp)
    };
    let mut request = url.as_str().into_client_request().map_err(plain)?;
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    let limits =
        WebSocketConfig::default().max_message_size(Some(FRAME_BYTES_MAX)).max_frame_size(Some(FRAME_BYTES_MAX));
    let greeting = async {
        let opened = tokio_tungstenite::client_async_with_config(request, connection, Some(limits)).await;
        opened.map_err(|error| match error {
            Error::Http(answer) => StreamError::Refused(answer.status().as_u16()),
            error => plain(error),
        })
    };
    let (frames, _) = step("greeting", greeting).await?;
    Ok((Socket { frames }, server))
}

impl Socket {
    /// The next text frame. Pings are answered by the protocol itself; other frames mean nothing here.
    pub async fn next(&mut self) -> Result<String, StreamError> {
        loop {
            match self.frames.next().await {
                None | Some(Ok(Message::Close(_))) => return Err(StreamError::Closed),
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(plain(error)),
            }
        }
    }
}

async fn encrypt(tcp: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, StreamError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trust = rustls::ClientConfig::builder().with_platform_verifier().map_err(plain)?.with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(plain)?;
    TlsConnector::from(Arc::new(trust)).connect(name, tcp).await.map_err(plain)
}

async fn step<T>(name: &'static str, work: impl Future<Output = Result<T, StreamError>>) -> Result<T, StreamError> {
    tokio::time::timeout(STEP, work).await.map_err(|_| StreamError::Timeout(name))?
}

fn plain(error: impl std::fmt::Display) -> StreamError {
    StreamError::Connection(error.to_string())
}
