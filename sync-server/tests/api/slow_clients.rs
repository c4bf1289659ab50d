//! Clients that take their time, on real sockets, and what goes on beside them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use sync_server::http::{self, Deadlines};
use sync_server::listener::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::helpers::{Folder, TestApp};
use crate::relay::Shop;

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(20);
const QUICK: Deadlines = Deadlines {
    head: Duration::from_millis(400),
    body: Duration::from_millis(400),
    answer: Duration::from_millis(400),
};

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(app: &TestApp, deadlines: Deadlines) -> Server {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), None);
    let listener = listener.await.unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let router = app.router.clone();
    let task = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        http::serve(listener, router, deadlines, stopped).await;
    });
    Server {
        address,
        stop,
        task,
    }
}

async fn connect(server: &Server, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    stream
}

/// Everything that comes until the server closes.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    // What it had not read when it closed is told as a reset.
    let _ = read.expect("the server should close");
    String::from_utf8(all).unwrap()
}

/// Sends a byte now and then for as long as the server reads.
async fn drip(stream: TcpStream) -> String {
    let (mut read, mut write) = stream.into_split();
    let dripping = tokio::spawn(async move {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut all = Vec::new();
    let closed = timeout(PATIENCE / 2, read.read_to_end(&mut all)).await;
    dripping.abort();
    let _ = closed.expect("the server should close");
    String::from_utf8(all).unwrap()
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n";
const PUSH: &str = "POST /api/push HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n";

#[tokio::test]
async fn who_never_says_what_they_want_is_not_waited_for() {
    let app = TestApp::start().await;
    let server = start(&app, QUICK).await;
    for first in ["", "GET /heal", HEALTH] {
        let mut stream = connect(&server, first).await;
        let heard = until_closed(&mut stream).await;
        assert!(!heard.contains("200 OK"), "{heard}");
    }
    let stream = connect(&server, "GET /healthz HTTP/1.1\r\nname: ").await;
    drip(stream).await;
    // Nor after an answer.
    let mut stream = connect(&server, &format!("{HEALTH}\r\n")).await;
    let heard = until_closed(&mut stream).await;
    assert!(heard.starts_with("HTTP/1.1 200 OK"), "{heard}");
}

#[tokio::test]
async fn who_never_sends_the_rest_is_not_waited_for() {
    let app = TestApp::start().await;
    let patient_with_heads = Deadlines {
        head: PATIENCE * 2,
        ..QUICK
    };
    let server = start(&app, patient_with_heads).await;
    let mut stream = connect(&server, PUSH).await;
    let heard = until_closed(&mut stream).await;
    assert!(heard.starts_with("HTTP/1.1 503"), "{heard}");
    drip(connect(&server, PUSH).await).await;
}

/// More than the buffers of both ends hold.
const LARGE: usize = 32 << 20;

#[tokio::test]
async fn tr10_who_never_reads_an_answer_is_not_waited_for() {
    let web = Folder::new("large");
    std::fs::write(web.0.join("large.bin"), vec![b'x'; LARGE]).unwrap();
    let app = TestApp::start_with(&web.0).await;
    let ask = "GET /large.bin HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let only_answers = Deadlines {
        answer: QUICK.answer,
        ..Deadlines::USUAL
    };
    let server = start(&app, only_answers).await;
    let mut silent = connect(&server, ask).await;
    let mut first = [0; 15];
    silent.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");

    // It ends only when the connection has: nobody reads from it.
    server.stop.send(()).unwrap();
    timeout(PATIENCE, server.task).await.unwrap().unwrap();
    drop(silent);
}

#[tokio::test]
async fn a_websocket_outlives_the_deadlines() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2"]).await;
    let server = start(&shop.app, QUICK).await;
    asha.sync(&shop.app, server.address).await;
    // Two of either pass while others are waited for.
    for first in [HEALTH, PUSH] {
        let mut stream = connect(&server, first).await;
        until_closed(&mut stream).await;
    }
    asha.sell(shop.order(1)).await;
    asha.settle().await;
    assert_eq!(shop.totals().await.0, 1);
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way() {
    let app = TestApp::start().await;
    let server = start(&app, Deadlines::USUAL).await;
    // The address of the caller is known.
    let ask = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let heard = until_closed(&mut connect(&server, ask).await).await;
    assert!(heard.starts_with("HTTP/1.1 200 OK"), "{heard}");

    let mut idle = connect(&server, &format!("{HEALTH}\r\n")).await;
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let ask = PUSH.replace("1000\r\n", "4\r\nexpect: 100-continue\r\n");
    let mut busy = connect(&server, &ask).await;
    // Its handler reads.
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.stop.send(()).unwrap();
    until_closed(&mut idle).await;
    assert!(!server.task.is_finished());
    busy.write_all(b"lies").await.unwrap();
    let heard = until_closed(&mut busy).await;
    assert!(heard.starts_with("HTTP/1.1 400"), "{heard}");
    timeout(PATIENCE, server.task).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}
