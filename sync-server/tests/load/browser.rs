//! What a browser does over HTTP: sign in, stay signed in, register a device, fetch tickets.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};

/// One person's sign-in at one address.
#[derive(Debug, Clone)]
pub struct Browser {
    /// May be changed: another node of the same relay serves as well.
    pub address: SocketAddr,
    /// One address has 28,000 ports for connections to a server; whoever wants more takes several.
    pub source: IpAddr,
    person: Option<String>,
    cookie: Option<String>,
    token: Option<String>,
}

impl Browser {
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            source: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            person: None,
            cookie: None,
            token: None,
        }
    }

    /// The page that it shows comes from there.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn connect(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(self.source, 0))?;
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Posts as whoever is signed in; a token that is too old is exchanged first.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.send(Method::POST, path, body).await?;
        if status == StatusCode::UNAUTHORIZED && self.cookie.is_some() {
            let person = json!({ "person_id": self.person });
            self.send(Method::POST, "/api/refresh", &person).await?;
            let (status, answer) = self.send(Method::POST, path, body).await?;
            return expect_success(path, status, answer);
        }
        expect_success(path, status, answer)
    }

    pub async fn get(&mut self, path: &str) -> Result<Value> {
        let (status, answer) = self.send(Method::GET, path, &Value::Null).await?;
        expect_success(path, status, answer)
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<(StatusCode, Value)> {
        let stream = TokioIo::new(self.connect().await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::ORIGIN, self.origin())
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let body = match body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let answer = sender.send_request(request.body(Full::new(body))?).await?;
        let status = answer.status();
        let cookie = answer
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned));
        let bytes = answer.into_body().collect().await?.to_bytes();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if let Some(token) = answer["access_token"].as_str() {
            self.token = Some(token.to_owned());
            self.person = answer["person_id"].as_str().map(str::to_owned);
            self.cookie = cookie.or_else(|| self.cookie.take());
        }
        Ok((status, answer))
    }
}

fn expect_success(path: &str, status: StatusCode, answer: Value) -> Result<Value> {
    if !status.is_success() {
        bail!("{path}: {status} {answer}");
    }
    Ok(answer)
}

/// A text of an answer.
pub fn text<'a>(answer: &'a Value, field: &str) -> Result<&'a str> {
    answer[field]
        .as_str()
        .with_context(|| format!("the answer has no {field}"))
}
